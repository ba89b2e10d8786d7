// OUTPUT_DIR/status.json: where a run stands, for scripts and for `espalier launch`, as a launcher's own exit code
// cannot be relied on (mpirun's is 1 after SIGTERM, whatever the ranks return).
//
//   {"state":"stopped","step":120,"exit_code":75,"started":"2026-11-28T10:00:00.123Z-4711","message":""}
//
// A run that was killed leaves "running", and no exit code, behind.
#ifndef ESPALIER_TOOLS_RUN_STATUS_H_
#define ESPALIER_TOOLS_RUN_STATUS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "core/files/file_system.h"
#include "core/status.h"

namespace espalier {

// Beside those of tools/verb.h: saved before it stopped, to be continued with --resume (EX_TEMPFAIL of sysexits.h).
inline constexpr int kExitStopped = 75;

struct RunStatus {
  enum class State { kRunning, kStopped, kDone, kFailed };
  State state = State::kRunning;
  int64_t step = 0;  // done since the job began; at its start, those of the checkpoint that it resumed from
  std::optional<int> exit_code;
  std::string started;  // when, and by which process of rank 0: differs from run to run
  std::string message;  // of a failed run
};

absl::string_view Name(RunStatus::State state);

// For `started`: of this process, now.
std::string StartMark();

// Atomically.
absl::Status WriteRunStatus(FileSystem* files, const std::string& output_dir, const RunStatus& status);

// NotFound if there is none; DataLoss for anything else than a status.
absl::StatusOr<RunStatus> ReadRunStatus(FileSystem* files, const std::string& output_dir);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_RUN_STATUS_H_
