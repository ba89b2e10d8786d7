// A verb of the `espalier` program.
#ifndef ESPALIER_TOOLS_VERB_H_
#define ESPALIER_TOOLS_VERB_H_

#include <ostream>
#include <string>
#include <vector>

#include "tools/command_line.h"

namespace espalier {

// Exit codes: a contract with scripts.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;    // while running
inline constexpr int kExitBadUsage = 2;  // or a bad file

struct Verb {
  std::string name;
  std::string arguments;  // positional ones, as help shows them: "FILE"; "[--FLAGS]" follows if it is not among them
  std::string summary;    // one line
  std::string details;    // further lines of its help
  std::vector<Flag> flags;
  size_t minimum_arguments = 0, maximum_arguments = 0;
  // InvalidArgument, NotFound, FailedPrecondition and AlreadyExists (a directory where a file is due, a file where a
  // directory is) and DataLoss (a damaged file) are the user's to mend (kExitBadUsage), other errors kExitFailed.
  absl::Status (*run)(const Arguments& arguments, std::ostream& out) = nullptr;
};

// For a verb that ends with the exit code of what it ran, which has said everything itself.
absl::Status ExitWith(int exit_code);

// Runs `espalier ARGUMENTS` on the given verbs; returns the exit code.
int RunVerbs(const std::vector<Verb>& verbs, const std::vector<std::string>& arguments, std::ostream& out,
             std::ostream& err);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_VERB_H_
