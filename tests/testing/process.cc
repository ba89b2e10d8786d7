#include "tests/testing/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

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

// One end of a pipe from the child, collected as it comes.
struct Stream {
  int descriptor;
  std::string* text;
  bool open = true;

  void ReadSome() {
    char bytes[4096];
    const ssize_t size = ::read(descriptor, bytes, sizeof bytes);
    if (size > 0) {
      text->append(bytes, size);
    } else {
      open = false;
    }
  }
};

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

ProcessResult RunProcess(const std::vector<std::string>& command, const ProcessOptions& options) {
  ProcessResult result;
  int out[2], err[2];
  PCHECK(::pipe2(out, O_CLOEXEC) == 0 && ::pipe2(err, O_CLOEXEC) == 0);
  const pid_t child = Start(command, options, out[1], err[1]);
  ::close(out[1]);
  ::close(err[1]);
  Stream streams[] = {{out[0], &result.out}, {err[0], &result.err}};
  bool waits = options.signal_when != nullptr;
  while (streams[0].open || streams[1].open) {
    pollfd polls[2];
    for (int i = 0; i < 2; ++i) polls[i] = {streams[i].open ? streams[i].descriptor : -1, POLLIN, 0};
    PCHECK(::poll(polls, 2, waits ? 1 : -1) >= 0);
    for (int i = 0; i < 2; ++i) {
      if (polls[i].revents != 0) streams[i].ReadSome();
    }
    if (!waits || !options.signal_when(result.out)) continue;
    for (const int signal : options.signals) ::kill(child, signal);
    waits = false;
  }
  int status = 0;
  PCHECK(::waitpid(child, &status, 0) == child);
  for (const Stream& stream : streams) ::close(stream.descriptor);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  return result;
}

}  // namespace espalier
