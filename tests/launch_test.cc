// `espalier launch`, and the mpirun that `./run install` puts before Open MPI's, as a user starts them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "absl/strings/str_cat.h"
#include "tests/testing/mpirun.h"
#include "tests/testing/rank_job.h"
#include "tools/run_status.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class LaunchTest : public RankJobTest {
 protected:
  // Without what mpirun is told by the environment of other tests: launch decides.
  std::unique_ptr<RunningProcess> Launch(const std::vector<std::string>& flags,
                                         const std::vector<std::string>& trainer) const {
    std::vector<std::string> words = {"tools/espalier", "launch", "-n", absl::StrCat(kRanks)};
    words.insert(words.end(), flags.begin(), flags.end());
    words.push_back("--");
    words.insert(words.end(), trainer.begin() + 1, trainer.end());
    return std::make_unique<RunningProcess>(words, Bare());
  }
  // The test's environment but for what Open MPI reads.
  ProcessOptions Bare() const {
    ProcessOptions options;
    options.environment = {variable_, "OMP_NUM_THREADS=1", "OMP_WAIT_POLICY=passive"};
    for (const std::string& entry : MpirunEnvironment()) {
      if (entry.find("single_copy_mechanism") != std::string::npos) options.environment.push_back(entry);
    }
    return options;
  }
};

TEST_F(LaunchTest, ARankThatDiesIsNoEnd) {
  // On a busy machine, the job may be done before the signal comes.
  for (int attempt = 0; attempt < 5; ++attempt) {
    const std::string output = absl::StrCat("launched", attempt);
    const std::unique_ptr<RunningProcess> job = Launch({"--max_restarts=2"}, Trainer(output, {"--overwrite"}));
    const pid_t process = ProcessOf(1);
    ASSERT_TRUE(AwaitMetrics(job.get(), output, 500));
    ::kill(process, SIGKILL);
    const ProcessResult result = job->Wait();
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    EXPECT_EQ(Results(output), Expected());
    if (result.err.find("restart") == std::string::npos) continue;
    EXPECT_THAT(result.err, AllOf(HasSubstr("rank 1"), HasSubstr("signal 9); restart 1 of 2")));
    EXPECT_THAT(result.out, HasSubstr("resuming at step "));
    return;
  }
  FAIL() << "the job was always done before the signal came";
}

TEST_F(LaunchTest, NoRestartIsLeft) {
  const std::unique_ptr<RunningProcess> job = Launch({"--max_restarts", "0"}, Trainer("once", {}, true));
  ASSERT_TRUE(AwaitMetrics(job.get(), "once"));
  ::kill(ProcessOf(2), SIGKILL);
  ExpectAllGone("SIGKILL to rank 2 of a launched job");
  const ProcessResult result = job->Wait();
  EXPECT_EQ(result.exit_code, 137) << result.err;
  EXPECT_THAT(result.err, HasSubstr("espalier launch: the job died (exit code 137, signal 9)"));
}

TEST_F(LaunchTest, SigtermSavesAndStops) {
  for (int attempt = 0; attempt < 5; ++attempt) {
    const std::string output = absl::StrCat("stopped", attempt);
    const std::unique_ptr<RunningProcess> job = Launch({}, Trainer(output));
    ASSERT_TRUE(AwaitMetrics(job.get(), output));
    ::kill(job->id(), SIGTERM);
    const ProcessResult result = job->Wait();
    if (result.exit_code == 0) continue;
    EXPECT_EQ(result.exit_code, 75) << result.out << result.err;
    EXPECT_THAT(result.err, AllOf(HasSubstr("asked to stop"), Not(HasSubstr("restart"))));
    EXPECT_EQ(ReadRunStatus(FileSystem::Posix(), Path(output))->state, RunStatus::State::kStopped);
    const ProcessResult resumed = Launch({}, Trainer(output, {"--resume"}))->Wait();
    EXPECT_EQ(resumed.exit_code, 0) << resumed.out << resumed.err;
    EXPECT_EQ(Results(output), Expected());
    return;
  }
  FAIL() << "the job was always done before the signal came";
}

TEST_F(LaunchTest, ABadJobIsNotStartedAgain) {
  const ProcessResult unreadable = Launch({}, Trainer("bad", {"--set=batch_size=x"}))->Wait();
  EXPECT_EQ(unreadable.exit_code, 2) << unreadable.err;
  const ProcessResult no_data = Launch({}, Trainer("bad", {"--set=data.train={mnist {folder: 'none'}}"}))->Wait();
  EXPECT_EQ(no_data.exit_code, 2) << no_data.err;
  EXPECT_THAT(no_data.err, Not(HasSubstr("restart")));
  const ProcessResult no_ranks = RunProcess({"tools/espalier", "launch", "--", "--config", "x"}, Bare());
  EXPECT_EQ(no_ranks.exit_code, 2);
  EXPECT_THAT(no_ranks.err, HasSubstr("how many ranks? give -n N"));
}

// Whoever kills launch itself kills the job.
TEST_F(LaunchTest, NobodyOutlivesIt) {
  const std::unique_ptr<RunningProcess> job = Launch({}, Trainer("orphans", {}, true));
  ASSERT_TRUE(AwaitMetrics(job.get(), "orphans"));
  ::kill(job->id(), SIGKILL);
  ExpectAllGone("SIGKILL to espalier launch");
}

// `mpirun -n 16 trainer --config ...` as typed, with the folder of `./run install` first in PATH: nothing else is set.
TEST_F(LaunchTest, MpirunAsTyped) {
  ASSERT_TRUE(CreateDirectories(FileSystem::Posix(), Path("bin")).ok());
  char here[4096];
  ASSERT_NE(::getcwd(here, sizeof here), nullptr);
  for (const auto& [target, name] :
       {std::pair<const char*, const char*>{"tools/mpirun.sh", "mpirun"}, {"trainer/trainer", "trainer"}}) {
    ASSERT_EQ(::symlink(absl::StrCat(here, "/", target).c_str(), Path(absl::StrCat("bin/", name)).c_str()), 0);
  }
  ProcessOptions options = Bare();
  options.environment.push_back(absl::StrCat("PATH=", Path("bin"), ":/usr/local/bin:/usr/bin:/bin"));
  std::vector<std::string> words = Trainer("typed", {"--set=phase[0].epochs=0.25"});
  words[0] = "trainer";
  words.insert(words.begin(), {"/usr/bin/env", "mpirun", "-n", "8"});
  const ProcessResult result = RunProcess(words, options);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(ReadRunStatus(FileSystem::Posix(), Path("typed"))->state, RunStatus::State::kDone);
  // What is not the trainer runs as it would without.
  const ProcessResult other = RunProcess(
      {"/usr/bin/env", "mpirun", "-n", "1", "/bin/sh", "-c", "echo keepalive=$OMPI_MCA_oob_tcp_keepalive_time"},
      options);
  EXPECT_THAT(other.out, Not(HasSubstr("keepalive=2")));
}

// srun that tells the ranks nothing of each other: each would train the whole job.
TEST_F(LaunchTest, RanksThatEachBelieveToBeAlone) {
  ProcessOptions options = Bare();
  options.environment.insert(options.environment.end(), {"SLURM_JOB_ID=1", "SLURM_STEP_ID=0", "SLURM_STEP_NUM_TASKS=16",
                                                         "SLURM_STEP_NUM_NODES=1", "SLURM_PROCID=3"});
  const ProcessResult result = RunProcess(Trainer("alone"), options);
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_THAT(result.err, AllOf(HasSubstr("rank 3 of 16"), HasSubstr("srun --mpi=pmix")));
  EXPECT_FALSE(FileSystem::Posix()->Exists(Path("alone")));
}

}  // namespace
}  // namespace espalier
