#include "tools/supervise.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iostream>

#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

constexpr int kStopSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

sigset_t Set(bool with_child) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kStopSignals) sigaddset(&set, signal);
  if (with_child) sigaddset(&set, SIGCHLD);
  return set;
}

}  // namespace

Supervisor::Supervisor() {
  const sigset_t set = Set(true);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
}

Supervisor::~Supervisor() {
  const sigset_t set = Set(true);
  const timespec at_once = {};
  while (::sigtimedwait(&set, nullptr, &at_once) > 0) {
  }
  ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

void Supervisor::Heed(int signal, int child) {
  if (signal == SIGUSR1 && signals_ > 0) return;
  if (++signals_ == 1) {
    std::cerr << "espalier launch: asked to stop: the ranks save and end; a third signal ends them at once\n";
    ::kill(child, SIGUSR1);
  } else if (signals_ == 3) {
    std::cerr << "espalier launch: ended at once\n";
    ::kill(child, SIGTERM);
  }
}

absl::StatusOr<int> Supervisor::Run(const std::vector<std::string>& command,
                                    const std::vector<std::string>& environment) {
  std::vector<std::string> words = command, variables = environment;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return absl::InternalError(absl::StrCat("cannot start a process: ", std::strerror(errno)));
  if (child == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);  // it ended meanwhile
    const sigset_t set = Set(true);
    ::sigprocmask(SIG_UNBLOCK, &set, nullptr);
    const int nothing = ::open("/dev/null", O_RDONLY);
    if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
    for (std::string& variable : variables) ::putenv(variable.data());
    ::execvp(arguments[0], arguments.data());
    std::cerr << "espalier launch: cannot run " << command[0] << ": " << std::strerror(errno)
              << "; is Open MPI installed and its folder in PATH?" << std::endl;
    ::_exit(2);
  }
  const sigset_t set = Set(true);
  while (true) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child) {
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    const int signal = ::sigwaitinfo(&set, nullptr);
    if (signal > 0 && signal != SIGCHLD) Heed(signal, child);
  }
}

bool Supervisor::Sleep(double seconds) {
  const sigset_t set = Set(false);
  const timespec time = {static_cast<time_t>(seconds),
                         static_cast<long>((seconds - static_cast<time_t>(seconds)) * 1e9)};
  if (::sigtimedwait(&set, nullptr, &time) <= 0) return true;
  ++signals_;
  return false;
}

}  // namespace espalier
