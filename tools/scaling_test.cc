#include "tools/scaling.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/scaling_work.h"

namespace espalier {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

struct Result {
  int code;
  std::string out, err;
};

Result Scaling(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "scaling");
  std::ostringstream out, err;
  const int code = RunVerbs({ScalingVerb()}, arguments, out, err);
  return {code, out.str(), err.str()};
}

std::string Path(const std::string& name) { return testing::TempDir() + "/" + name; }

std::string WriteFile(const std::string& name, const std::string& text) {
  std::ofstream(Path(name)) << text;
  return Path(name);
}

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string TinyJob() {
  return WriteFile("scaling_job.pbtxt", R"(
      name: "tiny"
      model { input { name: "x" dims: [4] } layer { name: "fc" dense { channels: 3 } } }
      data { train { builtin_digits {} } validation { builtin_digits {} } batch_size: 100 }
      optimizer { sgd {} }
      parallel { data { all_reduce { bucket_mib: 2 } wire: BF16 } }
      phase { name: "dense" epochs: 1 learning_rate { constant: 0.1 } })");
}

TEST(EstimateWork, FollowsTheBackwardPass) {
  const absl::StatusOr<NetworkFile> file = LoadNetwork("lenet5", {});
  ASSERT_TRUE(file.ok()) << file.status();
  const absl::StatusOr<NetworkWork> work = EstimateWork(*file, 8, {100e9, 10e9});
  ASSERT_TRUE(work.ok()) << work.status();
  EXPECT_EQ(work->parameters, 431080);
  EXPECT_EQ(work->macs_per_sample, 2293000);
  double bytes = 0, before = 0;
  for (const GradientWork& gradient : work->step.gradients) {
    EXPECT_GE(gradient.ready_s, before);
    before = gradient.ready_s;
    bytes += gradient.bytes;
  }
  EXPECT_EQ(bytes, 4 * 431080);
  EXPECT_LE(before, work->step.backward_s);
  // The last layer's gradients, of 10 x 500 weights and 10 biases, come first; the first layer's last.
  const double first = work->step.gradients[0].bytes + work->step.gradients[1].bytes;
  EXPECT_EQ(first, 4 * 5010);
  EXPECT_GT(work->step.backward_s, work->step.forward_s);
  EXPECT_DOUBLE_EQ(work->step.update_s, 431080 * 20 / 10e9);
  const StepWork twice = ScalePasses(work->step, 2);
  EXPECT_DOUBLE_EQ(twice.compute_s(), 2 * work->step.compute_s() - work->step.update_s);
  EXPECT_DOUBLE_EQ(twice.gradients.back().ready_s, 2 * before);
}

TEST(EstimateWork, CountsRunningStatistics) {
  const absl::StatusOr<NetworkFile> file = LoadNetwork("resnet20", {});
  ASSERT_TRUE(file.ok()) << file.status();
  const absl::StatusOr<NetworkWork> work = EstimateWork(*file, 2, {100e9, 10e9});
  ASSERT_TRUE(work.ok()) << work.status();
  double bytes = 0;
  for (const GradientWork& gradient : work->step.gradients) bytes += gradient.bytes;
  EXPECT_EQ(bytes, 4.0 * static_cast<double>(work->parameters));
  // A mean and a variance for each channel of 7 + 6 + 6 convolutions with 16, 32 and 64 channels and two shortcuts.
  EXPECT_EQ(work->step.state_bytes, 2 * 4 * (7 * 16 + 7 * 32 + 7 * 64));
}

TEST(ScalingTest, AModelScalesWeakly) {
  const Result result = Scaling({"lenet5", "--batch", "32", "--images_per_s", "1000"});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr("one rank: 1,000 images/s (measured) at 32 images a rank (weak scaling)"));
  EXPECT_THAT(result.out, HasSubstr("HDR InfiniBand"));
  EXPECT_THAT(result.out, ContainsRegex("\n +16 +16 +512 +32\\.000 "));
  EXPECT_THAT(result.out, ContainsRegex("\n4,096 +4,096 +131,072 +32\\.000 "));
}

TEST(ScalingTest, OneRankIsWhatWasMeasured) {
  const Result result = Scaling({"lenet5", "--images_per_s=1000", "--batch=50", "--ranks=2,1"});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, ContainsRegex("\n +1 +1 +50 +50\\.000 +0\\.000 +0\\.000 +50\\.000 +1,000 +100\\.0%"));
}

TEST(ScalingTest, AJobsRanksShareItsBatch) {
  const Result result = Scaling({TinyJob(), "--network", "10gbe", "--ranks_per_host", "4"});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr("tiny: "));
  EXPECT_THAT(result.out, HasSubstr("at 100 images; the ranks share them (strong scaling)"));
  EXPECT_THAT(result.out, HasSubstr("direct, buckets of 2 MiB, 16 bits an element, 4 ranks a host"));
  EXPECT_THAT(result.out, ContainsRegex("\n +64 +16 +100 "));
  EXPECT_THAT(result.out, Not(ContainsRegex("\n +128 ")));  // more ranks than images
  EXPECT_EQ(Scaling({TinyJob(), "--global_batch=8"}).code, kExitBadUsage);
}

TEST(ScalingTest, WritesEveryAlgorithmAndNetwork) {
  const Result result = Scaling(
      {"lenet5", "--network=10gbe", "--network=edr", "--csv", Path("scaling.csv"), "--plot", Path("scaling.svg")});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  const std::string csv = Read(Path("scaling.csv"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 2 * 3 * 9);
  EXPECT_THAT(csv, HasSubstr("\nedr,halving_doubling,4096,4096,262144,2,"));
  const std::string svg = Read(Path("scaling.svg"));
  EXPECT_THAT(svg, HasSubstr("lenet5: efficiency"));
  EXPECT_THAT(svg, HasSubstr("<title>EDR InfiniBand</title>"));
}

TEST(ScalingTest, FitsSharedMemory) {
  // Two messages of 1 us, and 4 GB/s of copies and sums together.
  const std::string path =
      WriteFile("points.csv",
                "ranks,bytes,seconds\n1,1000000,200e-6\n2,8192,4.048e-6\n2,262144,67.536e-6\n2,1048576,264.144e-6\n");
  const Result result = Scaling({"lenet5", "--ranks=2", "--ranks_per_host=2", "--fit", path});
  ASSERT_EQ(result.code, kExitDone) << result.err;
  EXPECT_THAT(result.out, HasSubstr("shared memory fitted to 3 all-reduces of " + path + ": 1 us a message, "));
  EXPECT_THAT(result.out, HasSubstr("; memory 10 GB/s"));
  EXPECT_THAT(result.out, HasSubstr("off by 0.0% on average, 0.0% at most"));
}

TEST(ScalingTest, BadUsage) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"nowhere"}, "nowhere"},
      {{"lenet5", "--network=hdd"}, "expected one of 10gbe, 25gbe, 100gbe, edr, hdr, found hdd; did you mean hdr?"},
      {{"lenet5", "--algorithm=rng"}, "did you mean ring?"},
      {{"lenet5", "--wire=f64"}, "--wire: expected one of f32, bf16, f16, found f64"},
      {{"lenet5", "--ranks=16,0"}, "--ranks: expected numbers from 1 to 4096"},
      {{"lenet5", "--ranks=4097"}, "--ranks: expected numbers from 1 to 4096"},
      {{"lenet5", "--images_per_s=0"}, "--images_per_s: expected a positive number"},
      {{"lenet5", "--images_per_s=1e12"}, "takes less time than updating"},
      {{"lenet5", "--batch=1", "--global_batch=1"}, "found both"},
      {{"lenet5", "--bucket_mib=-1"}, "--bucket_mib"},
      {{"lenet5", "--fit=/nowhere/at/all"}, "/nowhere/at/all"},
  };
  for (const auto& [arguments, message] : cases) {
    const Result result = Scaling(arguments);
    EXPECT_EQ(result.code, kExitBadUsage) << message;
    EXPECT_THAT(result.err, HasSubstr(message));
  }
}

}  // namespace
}  // namespace espalier
