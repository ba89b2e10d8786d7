// The ranks of a job that mpirun or srun started.
#ifndef ESPALIER_PARALLEL_MPI_COMMUNICATOR_H_
#define ESPALIER_PARALLEL_MPI_COMMUNICATOR_H_

#include <memory>

#include "core/status.h"
#include "parallel/communicator.h"

namespace espalier {

struct MpiOptions {
  // The ranks on this host have not a core each: who waits sleeps at once.
  bool oversubscribed = false;
};

// Whether the environment says that this process is a rank of a job (of Open MPI's, PMIx's, a PMI's or Slurm's making),
// though perhaps of one with a single rank.
bool LaunchedByMpi();

// Starts MPI, once in a process, and gives the communicator of all ranks. MPI ends (MPI_Finalize) when that is
// destroyed, which waits for the other ranks: a rank that fails alone calls Abort instead. Communicators that were
// split off must be gone before.
absl::StatusOr<std::unique_ptr<Communicator>> StartMpi(int* argc, char*** argv, const MpiOptions& options = {});

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_MPI_COMMUNICATOR_H_
