// A job across three hosts (network namespaces of this machine): the same bits as on one; a rank or a daemon that dies
// and a host that is cut off end the whole job soon, leave nobody behind, and --resume leads to the same bits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>

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

  // The daemon of Open MPI on a host.
  pid_t DaemonOn(int host) const {
    for (const pid_t process : hosts_->ProcessesOn(host)) {
      std::ifstream file(absl::StrCat("/proc/", process, "/comm"));
      std::string name;
      if (std::getline(file, name) && name == "orted") return process;
    }
    ADD_FAILURE() << "no daemon on host " << host;
    return -1;
  }

  // Resumes the job, and disturbs it once it has done so much of the whole; says how long it lived on.
  void Disturb(const std::string& what, double part, const std::function<void()>& disturb) {
    const auto whole = static_cast<double>(Expected().at("metrics").size());
    const std::unique_ptr<RunningProcess> job = Launch(Trainer("spread", {"--resume"}));
    if (AwaitMetrics(job.get(), "spread", static_cast<int64_t>(part * whole))) disturb();
    ExpectAllGone(what, 45);
    for (int host = 0; host < kRanks; ++host) {
      EXPECT_THAT(hosts_->ProcessesOn(host), ::testing::IsEmpty()) << what << ": " << hosts_->name(host);
    }
    const ProcessResult result = job->Wait();
    // On a busy machine, the job may have been done before.
    const absl::StatusOr<RunStatus> status = ReadRunStatus(FileSystem::Posix(), Path("spread"));
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
  Disturb("SIGKILL to a rank on another host", 0.1, [this] { ::kill(ProcessOf(1), SIGKILL); });
  Disturb("SIGKILL to a daemon", 0.35, [this] { ::kill(DaemonOn(2), SIGKILL); });
  Disturb("a cut link", 0.6, [this] { hosts_->SetLink(1, false); });
  hosts_->SetLink(1, true);
  EXPECT_GE(disturbed_, 1);
  const ProcessResult result = Launch(Trainer("spread", {"--resume"}))->Wait();
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  EXPECT_EQ(Results("spread"), Expected());
}

}  // namespace
}  // namespace espalier
