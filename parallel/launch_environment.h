// What the environment says about how this process was started, and whether MPI agrees.
#ifndef ESPALIER_PARALLEL_LAUNCH_ENVIRONMENT_H_
#define ESPALIER_PARALLEL_LAUNCH_ENVIRONMENT_H_

#include <string>

#include "core/environment.h"
#include "core/status.h"

namespace espalier {

enum class Launcher {
  kNone,     // a process of its own
  kOpenMpi,  // Open MPI's mpirun
  kSlurm,    // srun
  kOther,    // another MPI's mpirun, by PMI or PMIx
};

struct LaunchEnvironment {
  Launcher launcher = Launcher::kNone;
  int rank = 0;
  int ranks = 1;  // as the launcher counts; 1 where it does not say
  // Ranks on this host, this one counted; 1 where the launcher does not say.
  int host_ranks = 1;
  // Tasks of the Slurm allocation that this process runs in without being one of them; 0: there is none.
  int allocated_tasks = 0;
};

LaunchEnvironment ReadLaunchEnvironment(const GetEnvironment& environment);

// InvalidArgument, with how to start it right, if the launcher started several ranks and MPI, whose job has
// `mpi_ranks`, knows of this one alone: each would train the whole job, all into one folder. With
// `ESPALIER_SINGLE_RANK` in the environment that is what the user wants.
absl::Status CheckRanks(const LaunchEnvironment& launch, int mpi_ranks, const GetEnvironment& environment);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_LAUNCH_ENVIRONMENT_H_
