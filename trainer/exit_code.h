// The program's exit codes, on which scripts rely, and which of them an error leads to.
#ifndef ESPALIER_TRAINER_EXIT_CODE_H_
#define ESPALIER_TRAINER_EXIT_CODE_H_

#include "absl/status/status.h"

namespace espalier {

enum ExitCode {
  kDone = 0,
  kFailed = 1,            // while running: a full disk, a diverged training
  kBadInput = 2,          // usage, job file or data
  kStoppedBySignal = 75,  // saved before it stopped: to be continued with --resume (EX_TEMPFAIL of sysexits.h)
};

// The same error marked as one of usage, job file or data; OK stays OK.
absl::Status BadInput(absl::Status status);

// kBadInput for a marked error, kFailed for others.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_EXIT_CODE_H_
