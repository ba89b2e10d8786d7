#include "tools/simulate.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "compression/package/package_file.h"
#include "core/files/file_system.h"
#include "core/random.h"
#include "glog/logging.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Result {
  int code;
  std::string out, err;
};

Result Simulate(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "simulate");
  std::ostringstream out, err;
  const int code = RunVerbs({SimulateVerb()}, arguments, out, err);
  return {code, out.str(), err.str()};
}

// A package of one dense layer that classes 12 pictures at random; returns its path.
std::string WriteSmallPackage(const std::string& directory) {
  Package package;
  CHECK(google::protobuf::TextFormat::ParseFromString(
      R"(model { input { name: "image" dims: [1, 28, 28] } layer { name: "fc" dense { channels: 10 } } }
         data { validation { builtin_digits { samples: 12 seed: 2 } } batch_size: 4 })",
      &package.info));
  SharedValues shared;
  shared.codebook = {0, -0.5f, 0.25f, 0.125f};
  Random random(1, "codes", 0, 0);
  for (int i = 0; i < 7840; ++i) shared.codes.push_back(static_cast<uint8_t>(random.Below(4)));
  package.tensors.push_back({"fc/weight", {10, 784}, shared});
  package.tensors.push_back({"fc/bias", {10}, FloatValues{DType::kF32, std::vector<float>(10, 0.5f)}});
  const std::string path = JoinPath(directory, "model.esp");
  CHECK(CreateDirectories(FileSystem::Posix(), directory).ok());
  CHECK(WriteFileAtomically(FileSystem::Posix(), path, EncodePackage(package, PackOptions()).value()).ok());
  return path;
}

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// As many samples as were asked for, in batches of no more than there are; each target once.
TEST(Simulate, RunsTheFirstSamplesOnEachTarget) {
  const std::string path = WriteSmallPackage(testing::TempDir() + "/simulate");
  const Result result = Simulate({path, "--target=eie", "--target=EIE", "--target=tpu", "--take=5"});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_EQ(Count(result.out, "EIE, 64 elements"), 1) << result.out;
  EXPECT_EQ(Count(result.out, "TPU, 256 x 256 multipliers"), 1);
  EXPECT_EQ(Count(result.out, "% of 5 samples in "), 2);
  EXPECT_THAT(result.out, AllOf(HasSubstr("of 5 samples equal those of EIE's arithmetic computed plainly"),
                                HasSubstr("of 5 samples equal those of plain integers")));
  const Result all = Simulate({path, "--target=tpu", "--batch=2000000000"});
  ASSERT_EQ(all.code, kExitDone) << all.err;
  EXPECT_THAT(all.out, HasSubstr("% of 12 samples in 8-bit integers"));
  const Result too_many = Simulate({path, "--target=tpu", "--batch=1000000000000"});
  EXPECT_EQ(too_many.code, kExitBadUsage);
  EXPECT_THAT(too_many.err, HasSubstr("--batch: expected a whole number from 1 to "));
}

TEST(Simulate, LooksAtAllTargetsFirst) {
  const std::string directory = testing::TempDir() + "/simulate_nothing", path = WriteSmallPackage(directory);
  const Result result = Simulate({path, "--target=eie", "--target=gpu"});
  EXPECT_EQ(result.code, kExitBadUsage);
  EXPECT_THAT(result.err, HasSubstr("expected a target of eie, tpu, found \"gpu\""));
  EXPECT_EQ(result.out, "");
  EXPECT_FALSE(FileSystem::Posix()->Exists(directory + "/eie"));
  EXPECT_THAT(Simulate({"/nowhere/model.esp", "--target=gpu"}).err, Not(HasSubstr("nowhere")));
  EXPECT_THAT(Simulate({path}).err, HasSubstr("expected --target, one of eie, tpu, found none"));
}

}  // namespace
}  // namespace espalier
