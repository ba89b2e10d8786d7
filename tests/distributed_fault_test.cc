// Whatever befalls one rank of a job, all its processes end soon, the exit code tells of it, the message names the
// rank, and --resume leads to the bits and metrics of a run that nothing disturbed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "data/testing/fixtures.h"
#include "tests/testing/mpirun.h"
#include "tests/testing/rank_job.h"
#include "tools/run_status.h"

namespace espalier {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class DistributedFaultTest : public RankJobTest {
 protected:
  RunStatus StatusOf(const std::string& output) const {
    const absl::StatusOr<RunStatus> status = ReadRunStatus(FileSystem::Posix(), Path(output));
    EXPECT_TRUE(status.ok()) << status.status();
    return status.ok() ? *status : RunStatus();
  }

  void ExpectResumes(const std::string& output) {
    const ProcessResult result = Start(Trainer(output, {"--resume"}))->Wait();
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    EXPECT_EQ(Results(output), Expected());
  }

  // Starts or resumes the job and sends a signal to one of its ranks at a random point of what is left to do.
  // Returns whether it came in time.
  bool Disturb(const std::string& output, int rank, int signal, Random* random) {
    const int64_t whole = Expected().at("metrics").size(), done = MetricsBytes(output);
    const auto part = static_cast<double>(random->Uniform()) * 0.8;
    const int64_t target = done + static_cast<int64_t>(part * static_cast<double>(std::max<int64_t>(0, whole - done)));
    const std::unique_ptr<RunningProcess> job = Start(Trainer(output, {"--resume"}));
    const pid_t process = ProcessOf(rank);
    if (!AwaitMetrics(job.get(), output, target) || ::kill(process, signal) != 0) {
      EXPECT_EQ(job->Wait().exit_code, 0);
      return false;
    }
    ExpectAllGone(absl::StrCat("signal ", signal, " to rank ", rank));
    const ProcessResult result = job->Wait();
    if (StatusOf(output).state == RunStatus::State::kDone) return false;  // it had just ended
    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.err, HasSubstr(absl::StrCat("rank ", rank)));
    EXPECT_EQ(StatusOf(output).state, RunStatus::State::kRunning);
    return true;
  }
};

TEST_F(DistributedFaultTest, RanksThatDieAtRandomMoments) {
  Random random(11, "deaths", 0, 0);
  int deaths = 0;
  for (const int signal : {SIGKILL, SIGSEGV, SIGKILL}) {
    deaths += Disturb("killed", static_cast<int>(random.Below(kRanks)), signal, &random);
    if (HasFailure()) return;
  }
  EXPECT_GE(deaths, 1);
  ExpectResumes("killed");
}

TEST_F(DistributedFaultTest, TheLauncherIsKilled) {
  const std::unique_ptr<RunningProcess> job = Start(Trainer("orphans", {}, true));
  ASSERT_TRUE(AwaitMetrics(job.get(), "orphans"));
  ::kill(job->id(), SIGKILL);
  ExpectAllGone("SIGKILL to mpirun");
  EXPECT_EQ(job->Wait().signal, SIGKILL);
}

TEST_F(DistributedFaultTest, ARankThatStandsStill) {
  // Steps alone, so that the limit is far above what a busy disk may take.
  const std::vector<std::string> flags = {"--set=parallel.watchdog={step_s: 3}",
                                          "--set=output.validation_epochs=1000000",
                                          "--set=output.checkpoint_steps=1000000"};
  const std::unique_ptr<RunningProcess> job = Start(Trainer("still", flags, true));
  ASSERT_TRUE(AwaitMetrics(job.get(), "still"));
  ::kill(ProcessOf(1), SIGSTOP);
  ExpectAllGone("SIGSTOP to rank 1, with a limit of 3 s");
  const ProcessResult result = job->Wait();
  EXPECT_NE(result.exit_code, 0);
  // Whichever of the others is first ends all.
  EXPECT_THAT(result.err,
              ContainsRegex("\\[rank [02]\\] .*: no progress for 3.* s in phase plateau, step [0-9]+, step, "
                            "waiting for "));
}

TEST_F(DistributedFaultTest, AServerThatDies) {
  const std::vector<std::string> server = {"--set=parallel.data.parameter_server={servers: 1}"};
  const auto train = [&](const std::string& output) {
    std::vector<std::string> flags = server;
    flags.push_back("--resume");
    return Start(Trainer(output, flags));
  };
  const ProcessResult whole = train("whole_served")->Wait();
  ASSERT_EQ(whole.exit_code, 0) << whole.out << whole.err;
  const std::unique_ptr<RunningProcess> job = train("served");
  const pid_t process = ProcessOf(kRanks - 1);
  if (AwaitMetrics(job.get(), "served", 1000)) ::kill(process, SIGKILL);
  ExpectAllGone("SIGKILL to a server");
  const ProcessResult result = job->Wait();
  if (StatusOf("served").state != RunStatus::State::kDone) {
    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.err, HasSubstr("rank 2"));
  }
  EXPECT_EQ(train("served")->Wait().exit_code, 0);
  EXPECT_EQ(Results("served"), Results("whole_served"));
}

TEST_F(DistributedFaultTest, AnErrorOfTheRankThatWritesTheFiles) {
  const std::unique_ptr<RunningProcess> job = Start(Trainer("full", {}, true));
  ASSERT_TRUE(AwaitMetrics(job.get(), "full"));
  const rlimit limit = {1, 1};
  ASSERT_EQ(::prlimit(ProcessOf(0), RLIMIT_FSIZE, &limit, nullptr), 0);
  ExpectAllGone("a full disk");
  const ProcessResult result = job->Wait();
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("File too large"));
}

// mpirun with a command of its own for each rank.
std::vector<std::string> EachRank(const std::vector<std::vector<std::string>>& commands) {
  std::vector<std::string> line;
  for (const std::vector<std::string>& command : commands) {
    if (line.empty()) {
      line = MpirunLine(1, command);
      continue;
    }
    line.insert(line.end(), {":", "-n", "1"});
    line.insert(line.end(), command.begin(), command.end());
  }
  return line;
}

TEST_F(DistributedFaultTest, RanksWithAnotherJob) {
  const ProcessResult result =
      StartCommand(EachRank({Trainer("job"), Trainer("job"), Trainer("job", {"--set=phase[1].epochs=0.5"})}))->Wait();
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_THAT(result.err, AllOf(ContainsRegex("rank 2 \\(.*\\): job differs from rank 0's: phase\\[1\\].epochs: 0.5")));
  EXPECT_FALSE(FileSystem::Posix()->Exists(Path("job")));
}

TEST_F(DistributedFaultTest, RanksWithAnotherProgram) {
  const absl::StatusOr<std::string> program = ReadFile(FileSystem::Posix(), "trainer/trainer", uint64_t{1} << 30);
  ASSERT_TRUE(program.ok());
  ASSERT_TRUE(WriteFileAtomically(FileSystem::Posix(), Path("trainer2"), *program + "\n").ok());
  ASSERT_EQ(::chmod(Path("trainer2").c_str(), 0755), 0);
  std::vector<std::string> other = Trainer("program");
  other[0] = Path("trainer2");
  const ProcessResult result = StartCommand(EachRank({Trainer("program"), other}))->Wait();
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_THAT(result.err, ContainsRegex("rank 1 \\(.*\\): program differs from rank 0's: found [0-9]+ bytes"));
}

TEST_F(DistributedFaultTest, TheSecondJobInAFolderIsRefused) {
  const std::unique_ptr<RunningProcess> first = Start(Trainer("folder", {}, true));
  ASSERT_TRUE(AwaitMetrics(first.get(), "folder"));
  const ProcessResult second = Start(Trainer("folder", {"--resume"}))->Wait();
  EXPECT_EQ(second.exit_code, 2) << second.err;
  EXPECT_THAT(second.err, HasSubstr(Path("folder")));
  EXPECT_EQ(StatusOf("folder").state, RunStatus::State::kRunning);
  const int64_t bytes = MetricsBytes("folder");
  EXPECT_TRUE(AwaitMetrics(first.get(), "folder", bytes)) << "the first goes on";
}

// A folder of pictures for the tiny network, in which nearly every fourth is torn if `torn`.
void WritePictures(const std::string& folder, bool torn) {
  using Bytes = std::vector<uint8_t>;
  ASSERT_TRUE(CreateDirectories(FileSystem::Posix(), folder + "/a").ok());
  ASSERT_TRUE(CreateDirectories(FileSystem::Posix(), folder + "/b").ok());
  for (int i = 0; i < 64; ++i) {
    Bytes png = ::espalier::testing::EncodePng(PNG_COLOR_TYPE_GRAY, 8, false, 28, 28, Bytes(28 * 28, 3 * i));
    if (torn && i % 4 == 3 && i < 63) png.resize(png.size() / 2);
    const std::string path = absl::StrCat(folder, i < 32 ? "/a/" : "/b/", 1000 + i, ".png");
    ASSERT_TRUE(WriteFileAtomically(FileSystem::Posix(), path, std::string(png.begin(), png.end())).ok());
  }
}

TEST_F(DistributedFaultTest, RanksWithOtherData) {
  WritePictures(Path("whole/pictures"), false);
  WritePictures(Path("torn/pictures"), true);
  const std::vector<std::string> flags = {"--set=data.train={image_folder { folder: 'pictures' size: 28 }}",
                                          "--set=model.input[0].dims=[3, 28, 28]",
                                          "--set=data.validation={image_folder { folder: 'pictures' size: 28 }}"};
  const auto trainer = [&](const std::string& data) {
    std::vector<std::string> words = Trainer("data", flags);
    words.push_back("--data_dir=" + Path(data));
    return words;
  };
  // Pictures that are not among those compared at the start: an error in the midst of training.
  const ProcessResult torn = StartCommand(EachRank({trainer("whole"), trainer("torn"), trainer("whole")}))->Wait();
  EXPECT_EQ(torn.exit_code, 2) << torn.err;
  EXPECT_THAT(torn.err, ContainsRegex("rank 1.*\\.png"));
  // A picture less.
  ASSERT_TRUE(FileSystem::Posix()->RemoveFile(Path("torn/pictures/b/1063.png")).ok());
  const ProcessResult other = StartCommand(EachRank({trainer("whole"), trainer("torn"), trainer("whole")}))->Wait();
  EXPECT_EQ(other.exit_code, 2) << other.err;
  EXPECT_THAT(other.err, ContainsRegex("rank 1 \\(.*\\): training data differs from rank 0's: found 63 samples"));
}

class StopTest : public DistributedFaultTest {
 protected:
  // Sends signals to a rank, or to mpirun (-1), and expects that all save and stop.
  void Stop(int rank, const std::vector<int>& signals) {
    // On a busy machine, the job may be done before the signal comes.
    for (int attempt = 0; attempt < 5; ++attempt) {
      const std::string output = absl::StrCat("stopped", attempt);
      const std::unique_ptr<RunningProcess> job = Start(Trainer(output));
      const pid_t process = rank < 0 ? job->id() : ProcessOf(rank);
      ASSERT_TRUE(AwaitMetrics(job.get(), output));
      for (const int signal : signals) ::kill(process, signal);
      const ProcessResult result = job->Wait();
      if (result.exit_code == 0) continue;
      EXPECT_EQ(result.exit_code, 75) << result.out << result.err;
      EXPECT_THAT(result.out, HasSubstr("stopped by "));
      EXPECT_EQ(StatusOf(output).state, RunStatus::State::kStopped);
      EXPECT_EQ(StatusOf(output).exit_code, 75);
      return ExpectResumes(output);
    }
    FAIL() << "the job was always done before the signal came";
  }
};

TEST_F(StopTest, ASignalToOneRankStopsAll) { Stop(2, {SIGUSR1}); }

TEST_F(StopTest, ASignalToMpirunStopsAll) { Stop(-1, {SIGUSR1}); }

TEST_F(StopTest, ASecondSignalChangesNothing) { Stop(0, {SIGTERM, SIGUSR1, SIGUSR1, SIGINT}); }

}  // namespace
}  // namespace espalier
