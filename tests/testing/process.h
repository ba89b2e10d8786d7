// Runs programs as a user's shell would, for end-to-end tests.
#ifndef ESPALIER_TESTS_TESTING_PROCESS_H_
#define ESPALIER_TESTS_TESTING_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace espalier {

struct ProcessResult {
  int exit_code = -1;  // -1: ended by a signal
  int signal = 0;
  std::string out, err;
};

struct ProcessOptions {
  std::vector<std::string> environment;  // "NAME=VALUE", added to this process's
  // Asked every millisecond, with what standard output holds by then; once it says so, the signals are sent.
  std::function<bool(const std::string& out)> signal_when;
  std::vector<int> signals;
  int64_t file_size_limit = 0;  // bytes; 0: none
};

// A program that runs beside the test. It dies with the test, if that ends first.
class RunningProcess {
 public:
  // `command` is a path and its arguments.
  explicit RunningProcess(const std::vector<std::string>& command, const ProcessOptions& options = {});
  // Kills it if it has not ended.
  ~RunningProcess();
  RunningProcess(const RunningProcess&) = delete;
  RunningProcess& operator=(const RunningProcess&) = delete;

  pid_t id() const { return id_; }
  // Collects its output until `condition`, asked every millisecond, holds; false if the program ended before.
  bool Await(const std::function<bool(const std::string& out)>& condition);
  // Collects its output to its end, of which it tells.
  ProcessResult Wait();

 private:
  // Of the pipes from standard output and error.
  bool Open() const { return descriptors_[0] >= 0 || descriptors_[1] >= 0; }
  void Collect(int timeout_ms);

  pid_t id_ = -1;
  bool ended_ = false;
  int descriptors_[2] = {-1, -1};
  ProcessResult result_;
};

// Runs `command` (a path and its arguments) to its end.
ProcessResult RunProcess(const std::vector<std::string>& command, const ProcessOptions& options = {});

// Processes of this machine, on any of its hosts, that have "NAME=VALUE" in their environment: those that a test has
// started if that is of its own making, and all that they have started. Without those that wait to be buried.
std::vector<pid_t> ProcessesWith(const std::string& variable);
// The value of a variable in the environment that a process began with; empty if there is none.
std::string VariableOf(pid_t process, const std::string& name);
// Seconds until there is no process left with that variable; more than `patience` if there still is.
double SecondsUntilGone(const std::string& variable, double patience = 60);

}  // namespace espalier

#endif  // ESPALIER_TESTS_TESTING_PROCESS_H_
