// A job on several ranks: in reproducible mode it ends with the same bits and metrics on any number of ranks and
// threads, also where it goes on with another number of them; by default it trains on uneven batches, over any wire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/testing/mpirun.h"
#include "tests/testing/process.h"
#include "tests/testing/tiny_job.h"
#include "trainer/checkpoint.h"
#include "trainer/metrics.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;
using Words = std::vector<std::string>;

// How the tiny job is varied.
struct Variant {
  const char* name;
  Words overrides;
};

class RanksTest : public ::testing::TestWithParam<Variant> {
 protected:
  void SetUp() override {
    if (const std::string reason = WhyNoMpirun(); !reason.empty()) GTEST_SKIP() << reason;
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    directory_ = absl::StrCat(::testing::TempDir(), "/ranks_", info->line(), "_", GetParam().name);
    ASSERT_TRUE(CreateDirectories(FileSystem::Posix(), directory_).ok());
    ASSERT_TRUE(WriteFileAtomically(FileSystem::Posix(), Path("tiny.pbtxt"), TinyJobText()).ok());
  }

  std::string Path(const std::string& name) const { return JoinPath(directory_, name); }

  // `ranks` of 0: without mpirun.
  ProcessResult Train(const std::string& output, int ranks, const Words& flags = {}, int threads = 1) const {
    Words command = {"trainer/trainer", "--config", Path("tiny.pbtxt"), "--output_dir", Path(output)};
    command.insert(command.end(), {"--set=output.checkpoint_steps=5", "--set=output.keep_checkpoints=20",
                                   "--set=output.tensorboard=false", "--set=output.metrics_steps=1"});
    for (const std::string& text : GetParam().overrides) command.push_back("--set=" + text);
    command.insert(command.end(), flags.begin(), flags.end());
    ProcessOptions options;
    if (ranks > 0) return RunUnderMpirun(ranks, command, options);
    options.environment = {absl::StrCat("OMP_NUM_THREADS=", threads)};
    return RunProcess(command, options);
  }

  std::map<std::string, std::string> Results(const std::string& output) const {
    return ResultsOf(FileSystem::Posix(), Path(output));
  }

  // Leaves of a run what it had written by then.
  void CutBack(const std::string& output, int64_t step) const {
    const std::string checkpoints = JoinPath(Path(output), "checkpoints");
    const absl::StatusOr<std::vector<int64_t>> steps = CheckpointStore(FileSystem::Posix(), checkpoints).Steps();
    ASSERT_TRUE(steps.ok()) << steps.status();
    for (const int64_t later : *steps) {
      if (later <= step) continue;
      ASSERT_TRUE(RemoveTree(FileSystem::Posix(), JoinPath(checkpoints, absl::StrCat("step-", later))).ok());
    }
  }

  std::vector<MetricsRecord> Records(const std::string& output) const {
    const auto records = ReadMetrics(FileSystem::Posix(), JoinPath(Path(output), "metrics.jsonl"));
    EXPECT_TRUE(records.ok()) << records.status();
    return records.ok() ? *records : std::vector<MetricsRecord>();
  }

  std::string directory_;
};

#define EXPECT_DONE(process)                                                   \
  do {                                                                         \
    const ProcessResult done_result = (process);                               \
    EXPECT_EQ(done_result.exit_code, 0) << done_result.out << done_result.err; \
  } while (false)

using ReproducibleTest = RanksTest;

TEST_P(ReproducibleTest, AnyNumberOfRanksAndThreadsGivesTheSameBits) {
  EXPECT_DONE(Train("alone", 0));
  const std::map<std::string, std::string> expected = Results("alone");
  ASSERT_GE(expected.size(), 4u);
  EXPECT_DONE(Train("lanes", 0, {}, 3));
  EXPECT_EQ(Results("lanes"), expected) << "3 lanes";
  for (const int ranks : {2, 3, 8}) {
    const std::string output = absl::StrCat("ranks", ranks);
    EXPECT_DONE(Train(output, ranks));
    EXPECT_EQ(Results(output), expected) << ranks << " ranks";
  }
}

TEST_P(ReproducibleTest, GoesOnWithAnotherNumberOfRanks) {
  EXPECT_DONE(Train("whole", 3));
  const std::map<std::string, std::string> expected = Results("whole");
  CutBack("whole", 5);
  EXPECT_DONE(Train("whole", 0, {"--resume"}));
  EXPECT_EQ(Results("whole"), expected) << "on one rank from step 5";
  CutBack("whole", 15);
  EXPECT_DONE(Train("whole", 5, {"--resume"}));
  EXPECT_EQ(Results("whole"), expected) << "on five ranks from step 15";
}

const char kShards[] = "parallel.reproducible.shards=8";

INSTANTIATE_TEST_SUITE_P(
    Variants, ReproducibleTest,
    ::testing::Values(
        Variant{"F32", {kShards}}, Variant{"BF16", {kShards, "precision.compute=BF16"}},
        // Overflows at first, so that steps are skipped.
        Variant{"F16", {kShards, "precision={compute: F16 loss_scale {initial: 16777216 growth_interval: 4}}"}},
        Variant{"Pruned", {kShards, "phase[1].prune={sparsity: 0.5 first_layer: true}", "phase[2].restore_dense={}"}}),
    [](const auto& info) { return std::string(info.param.name); });

using DefaultTest = RanksTest;

TEST_P(DefaultTest, Trains) {
  const ProcessResult result = Train("run", 2);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("2 ranks train"));
  EXPECT_THAT(result.out, HasSubstr("MB sent a step"));
  const std::vector<MetricsRecord> records = Records("run");
  ASSERT_FALSE(records.empty());
  for (const MetricsRecord& record : records) EXPECT_TRUE(std::isfinite(record.loss));
  // The sum over the same samples as alone, before any update; a 16-bit wire and the rows of a rank's batch norm come
  // in later or change it little.
  EXPECT_DONE(Train("alone", 0));
  EXPECT_NEAR(records[0].loss, Records("alone")[0].loss, 0.2 * records[0].loss);
}

INSTANTIATE_TEST_SUITE_P(Variants, DefaultTest,
                         ::testing::Values(Variant{"Uneven", {"data.batch_size=7"}},
                                           Variant{"WireBF16", {"parallel.data.wire=BF16"}},
                                           Variant{"WireF16", {"parallel.data.wire=F16"}}),
                         [](const auto& info) { return std::string(info.param.name); });

using SynchronizedBatchNormTest = RanksTest;

TEST_P(SynchronizedBatchNormTest, HasTheLossOfOneRankButForRounding) {
  EXPECT_DONE(Train("alone", 0));
  EXPECT_DONE(Train("three", 3, {"--set=parallel.data.synchronized_batch_norm=true"}));
  EXPECT_DONE(Train("apart", 3));
  const std::vector<MetricsRecord> alone = Records("alone"), three = Records("three"), apart = Records("apart");
  ASSERT_EQ(alone.size(), three.size());
  constexpr int kSteps = 3;  // rounding errors grow from step to step
  for (int i = 0; i < kSteps; ++i) EXPECT_NEAR(three[i].loss, alone[i].loss, 1e-4 * alone[i].loss) << "step " << i + 1;
  EXPECT_GT(std::abs(apart[0].loss - alone[0].loss), 1e-3 * alone[0].loss) << "the comparison sees no difference";
}

INSTANTIATE_TEST_SUITE_P(Variants, SynchronizedBatchNormTest,
                         ::testing::Values(Variant{"Uneven", {"data.batch_size=8"}}),
                         [](const auto& info) { return std::string(info.param.name); });

using RefusedTest = RanksTest;

TEST_P(RefusedTest, SaysOnceWhatIsWrong) {
  const ProcessResult result = Train("run", 3);
  EXPECT_EQ(result.exit_code, 2) << result.out << result.err;
  const Words parts = absl::StrSplit(result.err, "expected at least");
  EXPECT_EQ(parts.size(), 2u) << result.err;
  EXPECT_THAT(result.err, HasSubstr("of the 3 ranks that train, found 2"));
}

INSTANTIATE_TEST_SUITE_P(Variants, RefusedTest,
                         ::testing::Values(Variant{"FewerSamplesThanRanks", {"data.batch_size=2"}},
                                           Variant{"FewerShardsThanRanks", {"parallel.reproducible.shards=2"}}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace espalier
