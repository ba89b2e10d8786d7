#include "tests/testing/rank_job.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/testing/mpirun.h"
#include "tests/testing/tiny_job.h"

namespace espalier {
namespace {

constexpr char kVariable[] = "ESPALIER_TEST_RUN";

}  // namespace

void RankJobTest::SetUp() {
  const std::string reason = WhyNoMpirun();
  if (!reason.empty()) GTEST_SKIP() << reason;
  const ::testing::TestInfo* const info = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string name = absl::StrCat(info->test_suite_name(), "_", info->name(), "_", ::getpid());
  directory_ = absl::StrCat(::testing::TempDir(), "/", name);
  variable_ = absl::StrCat(kVariable, "=", name);
  ASSERT_TRUE(CreateDirectories(FileSystem::Posix(), directory_).ok());
  ASSERT_TRUE(WriteFileAtomically(FileSystem::Posix(), Path("tiny.pbtxt"), TinyJobText()).ok());
}

void RankJobTest::TearDown() {
  if (variable_.empty()) return;
  for (const pid_t process : ProcessesWith(variable_)) ::kill(process, SIGKILL);
}

std::vector<std::string> RankJobTest::Trainer(const std::string& output, const std::vector<std::string>& flags,
                                              bool endless) const {
  std::vector<std::string> words = {"trainer/trainer",
                                    "--config",
                                    Path("tiny.pbtxt"),
                                    "--output_dir",
                                    Path(output),
                                    "--set=output.metrics_steps=1",
                                    endless ? "--set=phase[0].epochs=1000000" : "--set=phase[0].epochs=4.25"};
  if (endless) words.push_back("--set=phase[0].early_stop.patience=1000000");
  words.insert(words.end(), flags.begin(), flags.end());
  return words;
}

ProcessOptions RankJobTest::Options(ProcessOptions options) const {
  std::vector<std::string> environment = MpirunEnvironment();
  environment.push_back(variable_);
  options.environment.insert(options.environment.begin(), environment.begin(), environment.end());
  return options;
}

std::unique_ptr<RunningProcess> RankJobTest::StartCommand(const std::vector<std::string>& command,
                                                          ProcessOptions options) const {
  return std::make_unique<RunningProcess>(command, Options(std::move(options)));
}

std::unique_ptr<RunningProcess> RankJobTest::Start(const std::vector<std::string>& trainer) const {
  return StartCommand(MpirunLine(kRanks, trainer));
}

std::map<std::string, std::string> RankJobTest::Results(const std::string& output) const {
  return ResultsOf(FileSystem::Posix(), Path(output));
}

const std::map<std::string, std::string>& RankJobTest::Expected() {
  static const auto* const kExpected = new std::map<std::string, std::string>([this] {
    const ProcessResult whole = Start(Trainer("whole"))->Wait();
    EXPECT_EQ(whole.exit_code, 0) << whole.out << whole.err;
    return Results("whole");
  }());
  EXPECT_EQ(kExpected->size(), 5u);
  return *kExpected;
}

int64_t RankJobTest::MetricsBytes(const std::string& output) const {
  const auto info = FileSystem::Posix()->Stat(JoinPath(Path(output), "metrics.jsonl"));
  return info.ok() ? static_cast<int64_t>(info->bytes) : 0;
}

bool RankJobTest::AwaitMetrics(RunningProcess* process, const std::string& output, int64_t bytes) const {
  return process->Await([&](const std::string&) { return MetricsBytes(output) > bytes; });
}

pid_t RankJobTest::ProcessOf(int rank) const {
  for (int attempt = 0; attempt < 6000; ++attempt) {
    for (const pid_t process : ProcessesWith(variable_)) {
      if (VariableOf(process, "OMPI_COMM_WORLD_RANK") == absl::StrCat(rank)) return process;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ADD_FAILURE() << "there is no rank " << rank;
  return -1;
}

void RankJobTest::ExpectAllGone(const std::string& what, double limit) const {
  const double seconds = SecondsUntilGone(variable_);
  std::cout << what << ": all processes gone after " << seconds << " s\n";
  EXPECT_LT(seconds, limit) << what;
}

}  // namespace espalier
