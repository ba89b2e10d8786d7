// Packing, unpacking, evaluating and inspecting what a run has left.
#include "tools/pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "checkpoint/checkpoint.h"
#include "compression/package/ledger.h"
#include "core/random.h"
#include "tools/evaluate.h"
#include "tools/inspect.h"
#include "tools/unpack.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr char kJob[] = R"(
    model { name: "digits" input { name: "image" dims: [1, 28, 28] }
            layer { dense { channels: 40 } } layer { relu {} } layer { dense { channels: 10 } } }
    data { train { builtin_digits {} } validation { builtin_digits { samples: 100 seed: 2 } } batch_size: 30 })";

struct Result {
  int code;
  std::string out, err;
};

Result RunVerb(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  const int code = RunVerbs({PackVerb(), UnpackVerb(), EvaluateVerb(), InspectVerb()}, arguments, out, err);
  return {code, out.str(), err.str()};
}

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class PackTest : public ::testing::Test {
 protected:
  PackTest()
      : directory_(
            absl::StrCat(testing::TempDir(), "/", testing::UnitTest::GetInstance()->current_test_info()->name())),
        package_(directory_ + "/model.esp") {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }

  // A checkpoint of a network whose first weights are pruned and share 15 values; returns its directory.
  std::string SaveCheckpoint(int64_t step) {
    TrainingState training;
    training.state.set_global_step(step);
    training.state.set_job(kJob);
    const std::pair<const char*, Shape> shapes[] = {
        {"dense1/weight", {40, 784}}, {"dense1/bias", {40}}, {"dense2/weight", {10, 40}}, {"dense2/bias", {10}}};
    for (const auto& [name, shape] : shapes) {
      Tensor tensor(DType::kF32, shape);
      Random random(step, name, 0, 0);
      for (float& value : tensor.span<float>()) {
        value = random.Normal();
        if (shape[shape.rank() - 1] != 784) continue;
        value = random.Below(10) == 0 ? 0.125f * static_cast<float>(1 + random.Below(15)) : 0;
      }
      training.weights.push_back({name, tensor});
    }
    CheckpointStore store(FileSystem::Posix(), directory_ + "/checkpoints");
    EXPECT_TRUE(store.Save(training).ok());
    return absl::StrCat(directory_, "/checkpoints/step-", step);
  }

  const std::string directory_, package_;
};

TEST_F(PackTest, ARunIsPackedEvaluatedAndUnpacked) {
  const std::string checkpoint = SaveCheckpoint(7);
  const Result pack = RunVerb({"pack", directory_, "--output", package_, "--data_dir", ""});
  ASSERT_EQ(pack.code, kExitDone) << pack.err;
  EXPECT_THAT(pack.out, ContainsRegex("dense1 +31,400 +1[01]\\.[0-9]+% +4 +[34]\\.[0-9] +[2-8] +[2-5]\\.[0-9] "));
  EXPECT_THAT(pack.out, ContainsRegex("of 100 samples"));
  EXPECT_THAT(pack.out, ContainsRegex("\\(step 7\\): [0-9,]+ bytes, [0-9.]+ times smaller than 127 kB of weights"));

  const Result unpack = RunVerb({"unpack", package_, "--output", directory_ + "/w.safetensors"});
  ASSERT_EQ(unpack.code, kExitDone) << unpack.err;
  EXPECT_THAT(unpack.out, HasSubstr("4 tensors, 31,810 numbers"));
  EXPECT_EQ(Contents(directory_ + "/w.safetensors"), Contents(checkpoint + "/weights.safetensors"));

  const Result evaluate = RunVerb({"evaluate", package_});
  ASSERT_EQ(evaluate.code, kExitDone) << evaluate.err;
  const std::string counts = evaluate.out.substr(package_.size() + 2);
  EXPECT_THAT(pack.out, HasSubstr(counts));  // measured the same when it was packed

  const Result inspect = RunVerb({"inspect", package_});
  ASSERT_EQ(inspect.code, kExitDone) << inspect.err;
  EXPECT_THAT(inspect.out,
              AllOf(HasSubstr("digits: "), HasSubstr("relu"), HasSubstr("rate P+Q"), HasSubstr("validation top-1: "),
                    HasSubstr("builtin_digits { samples: 100 seed: 2 }")));
  EXPECT_EQ(RunVerb({"inspect", package_, "--csv"}).out, Contents(directory_ + "/ledger.csv"));
  EXPECT_THAT(RunVerb({"inspect", package_, "--dot"}).out, HasSubstr("digraph"));
}

TEST_F(PackTest, TheLedgerSumsToTheFile) {
  const std::string checkpoint = SaveCheckpoint(1);
  for (const std::vector<std::string>& flags :
       std::vector<std::vector<std::string>>{{}, {"--index_bits", "5"}, {"--raw"}, {"--biases", "f16"}}) {
    std::vector<std::string> arguments = {"pack", checkpoint, "--output", package_};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const Result pack = RunVerb(arguments);
    ASSERT_EQ(pack.code, kExitDone) << pack.err;
    const std::vector<std::string> lines = absl::StrSplit(Contents(directory_ + "/ledger.csv"), '\n');
    const std::vector<std::string> total = absl::StrSplit(lines[lines.size() - 2], ',');
    EXPECT_EQ(total[0], "total");
    EXPECT_EQ(total[19], absl::StrCat(std::filesystem::file_size(package_)));
  }
}

// Names are the user's.
TEST(LedgerTest, AnyNameIsACell) {
  PackageLedger ledger;
  LedgerRow row;
  row.tensor = "the \"first\", 1/weight";
  row.elements = row.kept = 1;
  ledger.rows.push_back(row);
  EXPECT_THAT(LedgerCsv(ledger), HasSubstr("\n\"the \"\"first\"\", 1/weight\",,1,1,"));
}

TEST_F(PackTest, OutputDirectoriesGiveTheirNewestCheckpoint) {
  SaveCheckpoint(3);
  SaveCheckpoint(12);
  EXPECT_THAT(RunVerb({"pack", directory_, "--output", package_}).out, HasSubstr("(step 12)"));
  EXPECT_THAT(RunVerb({"pack", directory_ + "/checkpoints/step-3", "--output", package_}).out, HasSubstr("(step 3)"));
}

TEST_F(PackTest, BadInputIsToldWithCodeTwo) {
  const std::string checkpoint = SaveCheckpoint(1);
  const auto error = [](const std::vector<std::string>& arguments) {
    const Result result = RunVerb(arguments);
    EXPECT_EQ(result.code, kExitBadUsage);
    return result.err;
  };
  EXPECT_THAT(error({"pack", directory_ + "/nowhere"}), HasSubstr("expected a checkpoint (with a state.pbtxt)"));
  EXPECT_THAT(error({"pack", checkpoint, "--index_bits", "9"}),
              HasSubstr("--index_bits: expected a whole number from 2 to 8, found 9"));
  EXPECT_THAT(error({"pack", checkpoint, "--biases", "s8"}), HasSubstr("--biases: expected f32, f16 or bf16"));
  EXPECT_THAT(error({"pack", checkpoint, "--best"}), HasSubstr("found a checkpoint"));
  EXPECT_THAT(error({"pack", directory_, "--best"}), HasSubstr("best"));

  ASSERT_EQ(RunVerb({"pack", checkpoint, "--output", package_}).code, kExitDone);
  std::string bytes = Contents(package_);
  bytes[bytes.size() / 2] ^= 1;
  std::ofstream(package_, std::ios::binary) << bytes;
  for (const char* verb : {"unpack", "evaluate", "inspect"}) {
    EXPECT_THAT(error({verb, package_}), AllOf(HasSubstr(package_), HasSubstr("torn or corrupt")));
  }
  EXPECT_THAT(error({"evaluate", checkpoint + "/state.pbtxt"}), HasSubstr("expected a package"));
  EXPECT_THAT(error({"unpack", directory_ + "/nothing.esp"}), HasSubstr("nothing.esp"));
  EXPECT_THAT(error({"unpack", directory_}), HasSubstr(directory_));
  EXPECT_THAT(error({"pack", checkpoint, "--output", directory_ + "/ledger.csv"}),
              HasSubstr("--output: expected another file than ledger.csv"));
  EXPECT_THAT(error({"evaluate", package_, "--integers", "int8", "--image", "cat.jpg"}),
              HasSubstr("--integers: expected validation samples"));

  const std::string weights = checkpoint + "/weights.safetensors";
  bytes = Contents(weights);
  bytes.back() ^= 1;
  std::ofstream(weights, std::ios::binary) << bytes;
  EXPECT_THAT(error({"pack", checkpoint}), HasSubstr("weights.safetensors"));
}

}  // namespace
}  // namespace espalier
