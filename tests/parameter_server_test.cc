// Jobs with a parameter server, end to end: the synchronous one computes what all-reduce computes, to the bit; the
// others train, go on after a checkpoint, and tell how old their weights were.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "checkpoint/checkpoint.h"
#include "tests/testing/mpirun.h"
#include "tests/testing/process.h"
#include "tests/testing/tiny_job.h"
#include "trainer/metrics.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

class ParameterServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = WhyNoMpirun(); !reason.empty()) GTEST_SKIP() << reason;
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    directory_ = absl::StrCat(::testing::TempDir(), "/server_", info->line());
    ASSERT_TRUE(CreateDirectories(FileSystem::Posix(), directory_).ok());
    ASSERT_TRUE(WriteFileAtomically(FileSystem::Posix(), Path("tiny.pbtxt"), TinyJobText()).ok());
  }

  std::string Path(const std::string& name) const { return JoinPath(directory_, name); }

  ProcessResult Train(const std::string& output, int ranks, const Words& overrides, const Words& flags = {}) const {
    Words command = {"trainer/trainer",
                     "--config",
                     Path("tiny.pbtxt"),
                     "--output_dir",
                     Path(output),
                     "--set=output.checkpoint_steps=10",
                     "--set=output.keep_checkpoints=20",
                     "--set=output.tensorboard=false"};
    for (const std::string& text : overrides) command.push_back("--set=" + text);
    command.insert(command.end(), flags.begin(), flags.end());
    return RunUnderMpirun(ranks, command);
  }

  // What must not differ, but for the job's text, which names the method.
  std::map<std::string, std::string> TensorsAndMetrics(const std::string& output) const {
    std::map<std::string, std::string> results = ResultsOf(FileSystem::Posix(), Path(output));
    for (auto it = results.begin(); it != results.end();) {
      it = it->first.find("state.pbtxt") != std::string::npos ? results.erase(it) : std::next(it);
    }
    return results;
  }

  // Trains under an asynchronous method, in two parts; returns what the first said.
  void ExpectTrains(const std::string& method) {
    // Without momentum: three workers' pushes add to it what they computed from weights of different ages.
    const Words job = {"data.train.builtin_digits.samples=960",
                       "data.batch_size=48",
                       "phase[0].epochs=4",
                       "phase[0].learning_rate={constant: 0.1}",
                       "phase[0].early_stop={patience: 100}",
                       "optimizer={sgd {momentum: 0}}",
                       absl::StrCat("parallel.data.parameter_server={", method, "}")};
    const ProcessResult result = Train("run", 4, job);
    ASSERT_EQ(result.exit_code, 0) << result.out << result.err;
    EXPECT_THAT(result.out, HasSubstr("3 ranks train, 1 holds the weights"));
    const auto records = ReadMetrics(FileSystem::Posix(), Path("run/metrics.jsonl"));
    ASSERT_TRUE(records.ok()) << records.status();
    EXPECT_LT(records->back().loss, 0.8f * records->front().loss);
    const absl::StatusOr<std::string> staleness = ReadFile(FileSystem::Posix(), Path("run/staleness.csv"), 1 << 20);
    ASSERT_TRUE(staleness.ok()) << staleness.status();
    EXPECT_THAT(*staleness, HasSubstr("worker,staleness,steps\n0,"));
    EXPECT_THAT(*staleness, HasSubstr("\n2,"));
    // Cut back to a checkpoint, it goes on to the same number of steps.
    const std::string checkpoints = Path("run/checkpoints");
    const auto steps = CheckpointStore(FileSystem::Posix(), checkpoints).Steps();
    ASSERT_TRUE(steps.ok()) << steps.status();
    CutBack(FileSystem::Posix(), Path("run"), steps->front());
    const ProcessResult resumed = Train("run", 4, job, {"--resume"});
    EXPECT_EQ(resumed.exit_code, 0) << resumed.out << resumed.err;
    EXPECT_THAT(resumed.out, HasSubstr("resuming at step"));
    const auto again = CheckpointStore(FileSystem::Posix(), checkpoints).Steps();
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->back(), steps->back());
  }

  std::string directory_;
};

TEST_F(ParameterServerTest, SynchronousGivesTheBitsOfAllReduce) {
  const Words variants[] = {{}, {"precision={compute: F16 loss_scale {initial: 16777216 growth_interval: 4}}"}};
  for (size_t i = 0; i < std::size(variants); ++i) {
    Words job = variants[i];
    job.push_back("parallel.reproducible.shards=8");
    const std::string all_reduce = absl::StrCat("all_reduce", i), server = absl::StrCat("server", i);
    const ProcessResult plain = Train(all_reduce, 1, job);
    ASSERT_EQ(plain.exit_code, 0) << plain.out << plain.err;
    job.push_back("parallel.data.parameter_server={servers: 2 synchronous {}}");
    const ProcessResult served = Train(server, 5, job);
    ASSERT_EQ(served.exit_code, 0) << served.out << served.err;
    const auto expected = TensorsAndMetrics(all_reduce);
    ASSERT_GE(expected.size(), 3u);
    EXPECT_EQ(TensorsAndMetrics(server), expected);
  }
}

TEST_F(ParameterServerTest, AsynchronousTrains) { ExpectTrains("asynchronous {}"); }

TEST_F(ParameterServerTest, BoundedStalenessTrains) { ExpectTrains("bounded_staleness {staleness: 2}"); }

TEST_F(ParameterServerTest, NeedsAWorker) {
  const ProcessResult result = Train("run", 2, {"parallel.data.parameter_server={servers: 2}"});
  EXPECT_EQ(result.exit_code, 2) << result.out << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("expected fewer than the 2 ranks of this run"), HasSubstr("mpirun -n 4 ")));
  const ProcessResult alone = Train("run", 1, {"parallel.data.parameter_server={}"});
  EXPECT_EQ(alone.exit_code, 2) << alone.out << alone.err;
  EXPECT_THAT(alone.err, AllOf(HasSubstr("expected fewer than the 1 rank of this run"), HasSubstr("mpirun -n 3 ")));
}

// The workers' error is theirs alone: the server, which waits for them, goes too.
TEST_F(ParameterServerTest, TheServerEndsWithTheWorkers) {
  const ProcessResult result =
      Train("run", 3, {"parallel.data.parameter_server={}", "data.train={idx {images: 'none' labels: 'none'}}"});
  EXPECT_EQ(result.exit_code, 2) << result.out << result.err;
  EXPECT_THAT(result.err, HasSubstr("none"));
}

}  // namespace
}  // namespace espalier
