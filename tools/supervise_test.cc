#include "tools/supervise.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

std::vector<std::string> Shell(const std::string& script) { return {"sh", "-c", script}; }

TEST(SuperviseTest, ExitCodes) {
  Supervisor supervisor;
  EXPECT_EQ(*supervisor.Run(Shell("exit 0"), {}), 0);
  EXPECT_EQ(*supervisor.Run(Shell("exit 75"), {}), 75);
  EXPECT_EQ(*supervisor.Run(Shell("kill -9 $$"), {}), 137);
  EXPECT_EQ(*supervisor.Run({"no-such-program-anywhere"}, {}), 2);
  EXPECT_FALSE(supervisor.stop_requested());
}

TEST(SuperviseTest, TheEnvironmentIsAddedTo) {
  Supervisor supervisor;
  EXPECT_EQ(*supervisor.Run(Shell("test \"$A_NEW_ONE\" = x && test -n \"$PATH\""), {"A_NEW_ONE=x"}), 0);
}

// `mpirun` as a script that tells by its exit code how many SIGUSR1 it has had: 10 and that, 50 and that after a
// SIGTERM. It ends once there has been one and the file READY.end is there.
std::string Script(const std::string& ready) {
  return absl::StrCat("users=0; trap 'users=$((users + 1))' USR1; trap 'exit $((users + 50))' TERM; touch ", ready,
                      "; while test $users = 0 || test ! -e ", ready,
                      ".end; do sleep 0.05; done; exit $((users + 10))");
}

// Sends itself `signals` once the script is ready, and lets it end after that; or, with `insist`, sends them again and
// again until it ends.
int RunWithSignals(const std::string& name, const std::vector<int>& signals, bool insist = false) {
  const std::string ready = absl::StrCat(::testing::TempDir(), "/", name, ::getpid());
  for (const int signal : signals) std::signal(signal, SIG_DFL);  // whoever started this test may ignore them
  Supervisor supervisor;
  std::atomic<bool> ended{false};
  std::thread sender([&] {
    while (::access(ready.c_str(), F_OK) != 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    do {
      for (const int signal : signals) {
        ::kill(::getpid(), signal);
        // Signals of one kind that nobody has taken yet merge.
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    } while (insist && !ended);
    std::ofstream(ready + ".end") << "";
  });
  const absl::StatusOr<int> code = supervisor.Run(Shell(Script(ready)), {});
  ended = true;
  sender.join();
  EXPECT_TRUE(supervisor.stop_requested());
  return code.ok() ? *code : -1;
}

TEST(SuperviseTest, AnySignalIsPassedOnAsSigusr1) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
    EXPECT_EQ(RunWithSignals(absl::StrCat("signal", signal, "_"), {signal}), 11);
  }
}

TEST(SuperviseTest, ASecondSignalChangesNothing) {
  EXPECT_EQ(RunWithSignals("second_", {SIGTERM, SIGINT}), 11);
  EXPECT_EQ(RunWithSignals("users_", {SIGUSR1, SIGUSR1, SIGUSR1}), 11);
}

TEST(SuperviseTest, AThirdSignalEndsAtOnce) { EXPECT_EQ(RunWithSignals("third_", {SIGINT}, true), 51); }

TEST(SuperviseTest, SleepIsInterrupted) {
  std::signal(SIGTERM, SIG_DFL);
  Supervisor supervisor;
  EXPECT_TRUE(supervisor.Sleep(0.01));
  ::kill(::getpid(), SIGTERM);
  EXPECT_FALSE(supervisor.Sleep(60));
  EXPECT_TRUE(supervisor.stop_requested());
}

}  // namespace
}  // namespace espalier
