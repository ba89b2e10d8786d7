// A job across three hosts (network namespaces of this machine): the same bits as on one; a rank or a daemon that dies
// and a host that is cut off end all ranks soon, and --resume leads to the same bits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <iostream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/testing/rank_job.h"
#include "tests/testing/test_hosts.h"
#include "tools/run_status.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

class NetworkNamespaceTest : public RankJobTest {
 protected:
  void SetUp() override {
    RankJobTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    hosts_ = std::make_unique<TestHosts>(kRanks, directory_);
    if (!hosts_->why_not().empty()) GTEST_SKIP() << hosts_->why_not();
  }

  std::unique_ptr<RunningProcess> Launch(const std::vector<std::string>& trainer) const {
    std::vector<std::string> words = {
        "tools/espalier", "launch",           "-n", absl::StrCat(kRanks), "--max_restarts=0",
        "--hostfile",     hosts_->hostfile(), "--"};
    words.insert(words.end(), trainer.begin() + 1, trainer.end());
    ProcessOptions options;
    options.environment = hosts_->Environment();
    return StartCommand(words, options);
  }

  static std::string NameOf(pid_t process) {
    std::ifstream file(absl::StrCat("/proc/", process, "/comm"));
    std::string name;
    std::getline(file, name);
    return name;
  }

  // The daemon of Open MPI on a host.
  pid_t DaemonOn(int host) const {
    for (const pid_t process : hosts_->ProcessesOn(host)) {
      if (NameOf(process) == "orted") return process;
    }
    ADD_FAILURE() << "no daemon on host " << host;
    return -1;
  }

  // Processes of this test that are ranks, not Open MPI's own.
  bool AnyRankLives() const {
    for (const pid_t process : ProcessesWith(variable_)) {
      if (!VariableOf(process, "OMPI_COMM_WORLD_RANK").empty()) return true;
    }
    return false;
  }

  // Waits; false if `condition` did not come true in time.
  static bool Await(double seconds, const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
  }

  // Open MPI 4.1's mpirun now and then waits for ever for a daemon that it lost, when no rank is left: then it is
  // ended, and its daemons go with it.
  void EndLauncherThatHangs(const std::string& what) const {
    if (Await(15, [this] { return ProcessesWith(variable_).empty(); })) return;
    for (const pid_t process : ProcessesWith(variable_)) {
      if (NameOf(process) != "mpirun") continue;
      std::cout << what << ": no rank is left, but mpirun hangs: it is ended\n";
      ::kill(process, SIGKILL);
    }
  }

  // Starts the job, and disturbs it once it has done a fifth of the whole; says how long it lived on.
  void Disturb(const std::string& output, const std::string& what, const std::function<void()>& disturb) {
    const auto whole = static_cast<int64_t>(Expected().at("metrics").size());
    const std::unique_ptr<RunningProcess> job = Launch(Trainer(output));
    if (AwaitMetrics(job.get(), output, whole / 5)) disturb();
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(Await(45, [this] { return !AnyRankLives(); })) << what;
    EndLauncherThatHangs(what);
    EXPECT_TRUE(Await(45, [this] { return ProcessesWith(variable_).empty(); })) << what;
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    std::cout << what << ": all processes gone after " << seconds.count() << " s\n";
    for (int host = 0; host < kRanks; ++host) {
      EXPECT_THAT(hosts_->ProcessesOn(host), ::testing::IsEmpty()) << what << ": " << hosts_->name(host);
    }
    const ProcessResult result = job->Wait();
    // On a busy machine, the job may have been done before.
    const absl::StatusOr<RunStatus> status = ReadRunStatus(FileSystem::Posix(), Path(output));
    ASSERT_TRUE(status.ok()) << status.status() << result.err;
    if (status->state == RunStatus::State::kDone) return;
    EXPECT_NE(result.exit_code, 0) << what;
    EXPECT_THAT(result.err, HasSubstr("espalier launch: the job died")) << what;
    ++disturbed_;
  }

  std::unique_ptr<TestHosts> hosts_;
  int disturbed_ = 0;
};

TEST_F(NetworkNamespaceTest, ThreeHostsComputeWhatOneDoes) {
  const ProcessResult result = Launch(Trainer("whole_hosts"))->Wait();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_THAT(result.out, HasSubstr("3 on 3 hosts"));
  EXPECT_EQ(Results("whole_hosts"), Expected());
}

TEST_F(NetworkNamespaceTest, WhateverFailsEndsTheJobEverywhere) {
  Disturb("rank", "SIGKILL to a rank on another host", [this] { ::kill(ProcessOf(1), SIGKILL); });
  Disturb("daemon", "SIGKILL to a daemon", [this] { ::kill(DaemonOn(2), SIGKILL); });
  Disturb("link", "a cut link", [this] { hosts_->SetLink(1, false); });
  hosts_->SetLink(1, true);
  EXPECT_GE(disturbed_, 1);
  for (const char* output : {"rank", "daemon", "link"}) {
    const ProcessResult result = Launch(Trainer(output, {"--resume"}))->Wait();
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    EXPECT_EQ(Results(output), Expected()) << output;
  }
}

}  // namespace
}  // namespace espalier
