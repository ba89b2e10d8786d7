#include "parallel/launch_environment.h"

#include <initializer_list>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

// The first of the variables that holds a whole number, else `fallback`.
int Number(const GetEnvironment& environment, std::initializer_list<const char*> names, int fallback) {
  for (const char* name : names) {
    const char* const text = environment(name);
    int value = 0;
    if (text != nullptr && absl::SimpleAtoi(text, &value)) return value;
  }
  return fallback;
}

bool IsSet(const GetEnvironment& environment, const char* name) {
  const char* const text = environment(name);
  return text != nullptr && *text != '\0';
}

}  // namespace

LaunchEnvironment ReadLaunchEnvironment(const GetEnvironment& environment) {
  LaunchEnvironment launch;
  const auto number = [&](std::initializer_list<const char*> names, int fallback) {
    return Number(environment, names, fallback);
  };
  // mpirun starts its daemons with srun where it can, so its own variables come first.
  if (IsSet(environment, "OMPI_COMM_WORLD_SIZE")) {
    launch.launcher = Launcher::kOpenMpi;
    launch.rank = number({"OMPI_COMM_WORLD_RANK"}, 0);
    launch.ranks = number({"OMPI_COMM_WORLD_SIZE"}, 1);
    launch.host_ranks = number({"OMPI_COMM_WORLD_LOCAL_SIZE"}, 1);
  } else if (IsSet(environment, "SLURM_STEP_ID")) {
    launch.launcher = Launcher::kSlurm;
    launch.rank = number({"SLURM_PROCID"}, 0);
    launch.ranks = number({"SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"}, 1);
    const int nodes = number({"SLURM_STEP_NUM_NODES", "SLURM_NNODES"}, 1);
    launch.host_ranks = nodes == 1 ? launch.ranks : number({"SLURM_NTASKS_PER_NODE"}, 1);
  } else if (IsSet(environment, "PMIX_RANK") || IsSet(environment, "PMI_RANK")) {
    launch.launcher = Launcher::kOther;
    launch.rank = number({"PMI_RANK", "PMIX_RANK"}, 0);
    launch.ranks = number({"PMI_SIZE"}, 1);
    launch.host_ranks = number({"MPI_LOCALNRANKS"}, 1);
  } else if (IsSet(environment, "SLURM_JOB_ID")) {
    launch.allocated_tasks = number({"SLURM_NTASKS"}, 1);
  }
  return launch;
}

absl::Status CheckRanks(const LaunchEnvironment& launch, int mpi_ranks, const GetEnvironment& environment) {
  if (launch.ranks <= 1 || mpi_ranks > 1 || IsSet(environment, "ESPALIER_SINGLE_RANK")) return absl::OkStatus();
  const std::string what = absl::StrCat("this process was started as rank ", launch.rank, " of ", launch.ranks,
                                        ", but MPI tells it that it is alone: ");
  const std::string anyway = "; for independent runs set ESPALIER_SINGLE_RANK=1 and give each its own --output_dir";
  if (launch.launcher == Launcher::kSlurm) {
    return absl::InvalidArgumentError(
        absl::StrCat(what,
                     "srun did not introduce the ranks to each other; start them with `srun --mpi=pmix` (`srun "
                     "--mpi=list` shows whether it is there) or with mpirun in the allocation",
                     anyway));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(what,
                   "the launcher belongs to another MPI than the one this program uses; start it with Open MPI's "
                   "mpirun",
                   anyway));
}

}  // namespace espalier
