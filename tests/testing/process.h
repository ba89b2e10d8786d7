// Runs programs as a user's shell would, for end-to-end tests.
#ifndef ESPALIER_TESTS_TESTING_PROCESS_H_
#define ESPALIER_TESTS_TESTING_PROCESS_H_

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

// Runs `command` (a path and its arguments) to its end. It dies with the test, if that ends first.
ProcessResult RunProcess(const std::vector<std::string>& command, const ProcessOptions& options = {});

}  // namespace espalier

#endif  // ESPALIER_TESTS_TESTING_PROCESS_H_
