// The weights that a job begins with, if it names a file for them.
#ifndef ESPALIER_TRAINER_INITIAL_WEIGHTS_H_
#define ESPALIER_TRAINER_INITIAL_WEIGHTS_H_

#include "absl/status/status.h"
#include "core/files/file_system.h"
#include "trainer/prepared_job.h"

namespace espalier {

// Reads the file of the job's `initial_weights` into its network's parameters and states; does nothing without one. The
// error, which BadInput marks, cites the job, and lists every tensor that is missing, unexpected or of another type or
// shape; then nothing is written.
absl::Status ReadInitialWeights(FileSystem* files, PreparedJob* job);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_INITIAL_WEIGHTS_H_
