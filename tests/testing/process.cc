#include "tests/testing/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "glog/logging.h"

extern char** environ;

namespace espalier {
namespace {

std::vector<char*> Pointers(std::vector<std::string>* strings) {
  std::vector<char*> pointers;
  for (std::string& text : *strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

pid_t Start(std::vector<std::string> command, const ProcessOptions& options, int out, int err) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  for (const std::string& entry : options.environment) {
    const std::string name = entry.substr(0, entry.find('=') + 1);
    environment.erase(
        std::remove_if(environment.begin(), environment.end(),
                       [&](const std::string& other) { return other.compare(0, name.size(), name) == 0; }),
        environment.end());
    environment.push_back(entry);
  }
  const std::vector<char*> arguments = Pointers(&command), variables = Pointers(&environment);
  const rlimit limit = {static_cast<rlim_t>(options.file_size_limit), static_cast<rlim_t>(options.file_size_limit)};
  const pid_t child = ::fork();
  PCHECK(child >= 0) << "fork";
  if (child > 0) return child;
  // Between fork and exec only calls that are safe in a signal handler.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (options.file_size_limit > 0) ::setrlimit(RLIMIT_FSIZE, &limit);
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execve(arguments[0], arguments.data(), variables.data());
  ::_exit(127);
}

}  // namespace

RunningProcess::RunningProcess(const std::vector<std::string>& command, const ProcessOptions& options) {
  int out[2], err[2];
  PCHECK(::pipe2(out, O_CLOEXEC) == 0 && ::pipe2(err, O_CLOEXEC) == 0);
  id_ = Start(command, options, out[1], err[1]);
  ::close(out[1]);
  ::close(err[1]);
  descriptors_[0] = out[0];
  descriptors_[1] = err[0];
}

RunningProcess::~RunningProcess() {
  if (ended_) return;
  ::kill(id_, SIGKILL);
  ::waitpid(id_, nullptr, 0);
  for (const int descriptor : descriptors_) {
    if (descriptor >= 0) ::close(descriptor);
  }
}

void RunningProcess::Collect(int timeout_ms) {
  pollfd polls[2];
  for (int i = 0; i < 2; ++i) polls[i] = {descriptors_[i], POLLIN, 0};
  PCHECK(::poll(polls, 2, timeout_ms) >= 0);
  for (int i = 0; i < 2; ++i) {
    if (polls[i].revents == 0) continue;
    char bytes[4096];
    const ssize_t size = ::read(descriptors_[i], bytes, sizeof bytes);
    if (size > 0) {
      (i == 0 ? result_.out : result_.err).append(bytes, size);
    } else {
      ::close(descriptors_[i]);
      descriptors_[i] = -1;
    }
  }
}

bool RunningProcess::Await(const std::function<bool(const std::string& out)>& condition) {
  while (Open()) {
    Collect(1);
    if (condition(result_.out)) return true;
  }
  return false;
}

ProcessResult RunningProcess::Wait() {
  while (Open()) Collect(-1);
  int status = 0;
  PCHECK(::waitpid(id_, &status, 0) == id_);
  ended_ = true;
  if (WIFEXITED(status)) result_.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result_.signal = WTERMSIG(status);
  return result_;
}

ProcessResult RunProcess(const std::vector<std::string>& command, const ProcessOptions& options) {
  RunningProcess process(command, options);
  if (options.signal_when && process.Await(options.signal_when)) {
    for (const int signal : options.signals) ::kill(process.id(), signal);
  }
  return process.Wait();
}

std::string VariableOf(pid_t process, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(process) + "/environ");
  const std::string prefix = name + "=";
  for (std::string entry; std::getline(file, entry, '\0');) {
    if (entry.compare(0, prefix.size(), prefix) == 0) return entry.substr(prefix.size());
  }
  return "";
}

std::vector<pid_t> ProcessesWith(const std::string& variable) {
  const size_t equals = variable.find('=');
  const std::string name = variable.substr(0, equals), value = variable.substr(equals + 1);
  std::vector<pid_t> found;
  DIR* const directory = ::opendir("/proc");
  PCHECK(directory != nullptr) << "/proc";
  while (const dirent* entry = ::readdir(directory)) {
    // The environment of a process that waits to be buried is empty.
    const pid_t process = std::atoi(entry->d_name);
    if (process > 0 && VariableOf(process, name) == value) found.push_back(process);
  }
  ::closedir(directory);
  return found;
}

double SecondsUntilGone(const std::string& variable, double patience) {
  const auto begin = std::chrono::steady_clock::now();
  while (true) {
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (seconds > patience || ProcessesWith(variable).empty()) return seconds;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace espalier
