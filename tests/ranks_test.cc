// A job on several ranks: in reproducible mode it ends with the same bits and metrics on any number of ranks and
// threads, also where it goes on with another number of them; by default it trains on uneven batches, over any wire.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/testing/mpirun.h"
#include "tests/testing/process.h"
#include "tests/testing/tiny_job.h"
#include "trainer/metrics.h"

namespace espalier {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

// How the tiny job is varied.
struct Variant {
  const char* name;
  Words overrides;
};

class RanksFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = WhyNoMpirun(); !reason.empty()) GTEST_SKIP() << reason;
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    directory_ =
        absl::StrCat(::testing::TempDir(), "/",
                     absl::StrReplaceAll(absl::StrCat(info->test_suite_name(), "_", info->name()), {{"/", "_"}}));
    ASSERT_TRUE(CreateDirectories(FileSystem::Posix(), directory_).ok());
    ASSERT_TRUE(WriteFileAtomically(FileSystem::Posix(), Path("tiny.pbtxt"), TinyJobText()).ok());
  }

  std::string Path(const std::string& name) const { return JoinPath(directory_, name); }

  // `ranks` of 0: without mpirun.
  ProcessResult Train(const std::string& output, int ranks, const Words& flags = {}, int threads = 1) const {
    Words command = {"trainer/trainer", "--config", Path("tiny.pbtxt"), "--output_dir", Path(output)};
    command.insert(command.end(), {"--set=output.checkpoint_steps=5", "--set=output.keep_checkpoints=20",
                                   "--set=output.tensorboard=false", "--set=output.metrics_steps=1"});
    for (const std::string& text : overrides_) command.push_back("--set=" + text);
    command.insert(command.end(), flags.begin(), flags.end());
    ProcessOptions options;
    if (ranks > 0) return RunUnderMpirun(ranks, command, options);
    options.environment = {absl::StrCat("OMP_NUM_THREADS=", threads)};
    return RunProcess(command, options);
  }

  std::map<std::string, std::string> Results(const std::string& output) const {
    return ResultsOf(FileSystem::Posix(), Path(output));
  }

  std::vector<MetricsRecord> Records(const std::string& output) const {
    const auto records = ReadMetrics(FileSystem::Posix(), JoinPath(Path(output), "metrics.jsonl"));
    EXPECT_TRUE(records.ok()) << records.status();
    return records.ok() ? *records : std::vector<MetricsRecord>();
  }

  Words overrides_;
  std::string directory_;
};

class RanksTest : public RanksFixture, public ::testing::WithParamInterface<Variant> {
 protected:
  RanksTest() { overrides_ = GetParam().overrides; }
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
  CutBack(FileSystem::Posix(), Path("whole"), 5);
  EXPECT_DONE(Train("whole", 0, {"--resume"}));
  EXPECT_EQ(Results("whole"), expected) << "on one rank from step 5";
  CutBack(FileSystem::Posix(), Path("whole"), 15);
  EXPECT_DONE(Train("whole", 5, {"--resume"}));
  EXPECT_EQ(Results("whole"), expected) << "on five ranks from step 15";
}

const char kShards[] = "parallel.reproducible.shards=8";

INSTANTIATE_TEST_SUITE_P(
    Variants, ReproducibleTest,
    ::testing::Values(
        // Two rows a shard.
        Variant{"F32", {kShards, "data.batch_size=16", "data.train.builtin_digits.samples=128"}},
        Variant{"BF16", {kShards, "precision.compute=BF16"}},
        // Overflows at first, so that steps are skipped.
        Variant{"F16", {kShards, "precision={compute: F16 loss_scale {initial: 16777216 growth_interval: 4}}"}},
        Variant{"Pruned", {kShards, "phase[1].prune={sparsity: 0.5 first_layer: true}", "phase[2].restore_dense={}"}},
        Variant{"Shared",
                {kShards, "phase[1].prune={sparsity: 0.5 first_layer: true}", "phase[2].share_weights={bits: 3}"}},
        Variant{"FixedPoint", {kShards, "phase[1].fixed_point={bits: 6}", "phase[2].prune={sparsity: 0.5}"}}),
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

using WireTest = RanksTest;

TEST_P(WireTest, RoundsGradientsAlone) {
  EXPECT_DONE(Train("wide", 2, {"--set=parallel.data.wire=F32"}));
  EXPECT_DONE(Train("narrow", 2));
  const std::vector<MetricsRecord> wide = Records("wide"), narrow = Records("narrow");
  ASSERT_EQ(narrow.size(), wide.size());
  EXPECT_EQ(narrow[0].loss, wide[0].loss) << "before any gradient travelled";
  EXPECT_NE(narrow[2].loss, wide[2].loss) << "the comparison sees no difference";
  for (int i = 1; i < 4; ++i) EXPECT_NEAR(narrow[i].loss, wide[i].loss, 0.05 * wide[i].loss) << "step " << i + 1;
}

INSTANTIATE_TEST_SUITE_P(Variants, WireTest,
                         ::testing::Values(Variant{"BF16", {"parallel.data.wire=BF16"}},
                                           Variant{"F16", {"parallel.data.wire=F16"}}),
                         [](const auto& info) { return std::string(info.param.name); });

using ValidationTest = RanksTest;

// Weights that never change; 7 batches of 3 samples, the last of 2, for 3 ranks.
TEST_P(ValidationTest, CountsEverySampleOnce) {
  const auto validations = [this](const std::string& output) {
    std::vector<MetricsRecord> records;
    for (const MetricsRecord& record : Records(output)) {
      if (record.split == MetricsRecord::Split::kValidation) records.push_back(record);
    }
    return records;
  };
  EXPECT_DONE(Train("alone", 0));
  EXPECT_DONE(Train("three", 3));
  const std::vector<MetricsRecord> alone = validations("alone"), three = validations("three");
  ASSERT_FALSE(alone.empty());
  ASSERT_EQ(three.size(), alone.size());
  for (size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(three[i].loss, alone[i].loss);
    EXPECT_EQ(three[i].top1, alone[i].top1);
    EXPECT_EQ(three[i].top5, alone[i].top5);
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, ValidationTest,
                         // Without batch norm, whose running statistics would be those of each rank's rows.
                         ::testing::Values(Variant{
                             "Uneven",
                             {"model.layer[1]={relu {}}", "data.validation_batch_size=3",
                              "phase[0].learning_rate={constant: 0}", "phase[1].learning_rate={constant: 0}",
                              "phase[2].learning_rate={constant: 0}"}}),
                         [](const auto& info) { return std::string(info.param.name); });

using RefusedTest = RanksFixture;

TEST_F(RefusedTest, SaysOnceWhatIsWrongAndWhere) {
  const struct {
    const char *batch_size, *more, *message;
  } kJobs[] = {
      {"batch_size: 2", "",
       "data\\.batch_size: expected at least a sample for each of the 3 ranks that train, found 2"},
      {"batch_size: 8", "parallel { reproducible { shards: 2 } }\n",
       "parallel\\.reproducible\\.shards: expected at least one for each of the 3 ranks that train, found 2"},
      {"batch_size: 9", "parallel { reproducible { shards: 8 } }\n",
       "data\\.batch_size: expected a multiple of the 8 shards of parallel\\.reproducible, found 9"},
  };
  for (const auto& job : kJobs) {
    const std::string text = absl::StrReplaceAll(TinyJobText(), {{"batch_size: 8", job.batch_size}});
    ASSERT_TRUE(WriteFileAtomically(FileSystem::Posix(), Path("tiny.pbtxt"), text + job.more).ok());
    const ProcessResult result = Train("run", 3);
    EXPECT_EQ(result.exit_code, 2) << result.out << result.err;
    EXPECT_THAT(result.err, ContainsRegex(absl::StrCat("tiny\\.pbtxt:[0-9]+:[0-9]+: ", job.message)));
    const Words parts = absl::StrSplit(result.err, "tiny.pbtxt:");
    EXPECT_EQ(parts.size(), 2u) << result.err;
  }
}

}  // namespace
}  // namespace espalier
