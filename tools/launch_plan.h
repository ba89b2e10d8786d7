// What `espalier launch` decides, apart from what it does (tools/launch.cc): the command of a job of many ranks, and
// what follows from its end.
#ifndef ESPALIER_TOOLS_LAUNCH_PLAN_H_
#define ESPALIER_TOOLS_LAUNCH_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "tools/run_status.h"

namespace espalier {

struct LaunchRequest {
  int ranks = 1;
  int max_restarts = 3;
  std::string hostfile;              // empty: this host, or those of the batch system's allocation
  std::vector<std::string> trainer;  // its flags
};

// The values that a flag of the trainer has, "--flag value" and "--flag=value", in their order.
std::vector<std::string> ValuesOf(const std::vector<std::string>& words, const std::string& flag);

// OUTPUT_DIR of the job that these flags describe. Errors are those of the job file.
absl::StatusOr<std::string> OutputDirOf(const std::vector<std::string>& trainer);

// The flags for a start after the first: with --resume, without --overwrite.
std::vector<std::string> ResumingFlags(const std::vector<std::string>& trainer);

// The command that starts the ranks. `variables` are environment variables, names alone, that ranks on other hosts get,
// too.
std::vector<std::string> MpirunCommand(const LaunchRequest& request, const std::string& program,
                                       const std::vector<std::string>& flags,
                                       const std::vector<std::string>& variables);

// Those of "NAME=VALUE" entries that ranks on other hosts need: of this program, OpenMP and oneDNN.
std::vector<std::string> VariablesToPass(const std::vector<std::string>& environment);

// How one start of the job ended.
struct LaunchEnd {
  int exit_code = 0;                       // of mpirun; 128 and the signal's number where one ended it
  std::optional<RunStatus> status;         // if this start wrote one
  std::optional<RunStatus> former_status;  // of the start before
  bool stop_requested = false;             // a signal came meanwhile
  int restarts = 0;                        // so far
};

struct LaunchDecision {
  bool restart = false;
  int exit_code = 0;  // if not
  std::string what;   // for people; empty: nothing to say
};

// A job that died is started again, as long as there are restarts left: one that was killed, or failed while running.
// Not one that cannot start, was asked to stop, or fails again where it failed before.
LaunchDecision DecideAfter(const LaunchEnd& end, int max_restarts);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_LAUNCH_PLAN_H_
