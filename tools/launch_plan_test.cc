#include "tools/launch_plan.h"

#include <fstream>

#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/verb.h"

namespace espalier {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using State = RunStatus::State;

using Words = std::vector<std::string>;

RunStatus Status(State state, int64_t step, std::optional<int> exit_code = std::nullopt,
                 const std::string& message = "") {
  RunStatus status;
  status.state = state;
  status.step = step;
  status.exit_code = exit_code;
  status.message = message;
  return status;
}

TEST(LaunchPlanTest, ValuesOfFlags) {
  const Words words = {"--set", "a=1", "--config=x", "--set=b=2", "--resume", "--set"};
  EXPECT_THAT(ValuesOf(words, "set"), ElementsAre("a=1", "b=2"));
  EXPECT_THAT(ValuesOf(words, "config"), ElementsAre("x"));
  EXPECT_THAT(ValuesOf(words, "output_dir"), ElementsAre());
}

TEST(LaunchPlanTest, TheOutputDirectoryIsTheTrainers) {
  const std::string path = ::testing::TempDir() + "/job.pbtxt";
  std::ofstream(path) << R"(
      model { input { name: "x" dims: [4] } layer { name: "fc" dense { channels: 3 } } }
      data { train { builtin_digits {} } batch_size: 8 }
      optimizer { sgd {} }
      phase { name: "dense" epochs: 1 learning_rate { constant: 0.1 } })";
  EXPECT_EQ(*OutputDirOf({"--config", path}), "out/job");
  EXPECT_EQ(*OutputDirOf({"--config", path, "--set", "name=other"}), "out/other");
  EXPECT_EQ(*OutputDirOf({"--config", path, "--output_dir", "a", "--output_dir=b"}), "b");
  EXPECT_THAT(std::string(OutputDirOf({"--resume"}).status().message()), HasSubstr("which job?"));
  EXPECT_FALSE(OutputDirOf({"--config", path, "--set", "no_such_field=1"}).ok());
}

TEST(LaunchPlanTest, LaterStartsResume) {
  EXPECT_THAT(ResumingFlags({"--config", "x", "--overwrite"}), ElementsAre("--config", "x", "--resume"));
  EXPECT_THAT(ResumingFlags({"--resume", "--config", "x"}), ElementsAre("--resume", "--config", "x"));
}

TEST(LaunchPlanTest, TheCommand) {
  LaunchRequest request;
  request.ranks = 16;
  request.hostfile = "hosts";
  const std::string command = absl::StrJoin(MpirunCommand(request, "/bin/trainer", {"--config", "x"}, {"OMP_A"}), " ");
  EXPECT_EQ(command,
            "mpirun -n 16 --oversubscribe --bind-to none --mca mpi_yield_when_idle 1 --mca oob_tcp_keepalive_time 2 "
            "--mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3 --hostfile hosts -x OMP_A /bin/trainer "
            "--config x");
}

TEST(LaunchPlanTest, VariablesForOtherHosts) {
  EXPECT_THAT(VariablesToPass({"PATH=/bin", "OMP_NUM_THREADS=2", "ESPALIER_DATA_DIR=/d=e", "OMPI_X=1"}),
              ElementsAre("ESPALIER_DATA_DIR", "OMP_NUM_THREADS"));
}

struct Case {
  const char* what;
  LaunchEnd end;
  bool restart;
  int exit_code;
};

LaunchEnd End(int exit_code, std::optional<RunStatus> status, bool stop_requested = false, int restarts = 0,
              std::optional<RunStatus> former = std::nullopt) {
  LaunchEnd end;
  end.exit_code = exit_code;
  end.status = std::move(status);
  end.former_status = std::move(former);
  end.stop_requested = stop_requested;
  end.restarts = restarts;
  return end;
}

TEST(LaunchPlanTest, Decisions) {
  const RunStatus running = Status(State::kRunning, 5), failed = Status(State::kFailed, 5, 1, "disk full");
  const Case cases[] = {
      {"done", End(0, Status(State::kDone, 9, 0)), false, kExitDone},
      {"done, though a rank stumbled over the threshold", End(139, Status(State::kDone, 9, 0)), false, kExitDone},
      {"stopped", End(75, Status(State::kStopped, 9, 75), true), false, kExitStopped},
      {"stopped, which mpirun did not pass on", End(1, Status(State::kStopped, 9, 75), true), false, kExitStopped},
      {"stopped by a signal of another's", End(75, Status(State::kStopped, 9, 75)), false, kExitStopped},
      {"bad data", End(2, Status(State::kFailed, 9, 2)), false, kExitBadUsage},
      {"bad usage, before it ran", End(2, std::nullopt), false, kExitBadUsage},
      {"a dry run", End(0, std::nullopt), false, kExitDone},
      {"mpirun could not start", End(1, std::nullopt), false, 1},
      {"killed", End(137, running), true, 137},
      {"killed before it ran", End(137, std::nullopt), true, 137},
      {"a rank that hung", End(1, running), true, 1},
      {"died without a code", End(0, running), true, kExitFailed},
      {"killed for the third time", End(137, running, false, 2), true, 137},
      {"killed once too often", End(137, running, false, 3), false, 137},
      {"killed while stopping", End(137, running, true), false, kExitStopped},
      {"a signal before it ran", End(138, std::nullopt, true), false, kExitStopped},
      {"failed", End(1, failed), true, 1},
      {"failed again, the same", End(1, failed, false, 1, failed), false, 1},
      {"failed again, further on", End(1, failed, false, 1, Status(State::kFailed, 4, 1, "disk full")), true, 1},
      {"killed twice at one step", End(137, running, false, 1, running), true, 137},
  };
  for (const Case& test : cases) {
    const LaunchDecision decision = DecideAfter(test.end, 3);
    EXPECT_EQ(decision.restart, test.restart) << test.what;
    EXPECT_EQ(decision.exit_code, test.exit_code) << test.what;
  }
}

TEST(LaunchPlanTest, SaysWhatHappened) {
  const RunStatus running = Status(State::kRunning, 5), failed = Status(State::kFailed, 5, 1, "disk full");
  EXPECT_EQ(DecideAfter(End(137, running), 3).what, "the job died (exit code 137, signal 9); restart 1 of 3");
  EXPECT_EQ(DecideAfter(End(137, running, false, 3), 3).what,
            "the job died (exit code 137, signal 9); no restart is left of 3");
  EXPECT_EQ(DecideAfter(End(1, running), 0).what, "the job died (exit code 1)");
  EXPECT_EQ(DecideAfter(End(1, failed, false, 1, failed), 3).what,
            "the job failed: disk full; it did so before: not started again");
}

}  // namespace
}  // namespace espalier
