#include "parallel/launch_environment.h"

#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace espalier {
namespace {

using ::testing::HasSubstr;

using Variables = std::map<std::string, std::string>;

GetEnvironment Environment(const Variables& variables) {
  return [&variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

struct Case {
  const char* what;
  Variables variables;
  LaunchEnvironment expected;
  // Whether an MPI that sees a single rank is wrong.
  bool lonely_is_wrong;
};

TEST(LaunchEnvironmentTest, TellsLaunchersApart) {
  const Case cases[] = {
      {"by hand", {{"HOME", "/root"}}, {Launcher::kNone, 0, 1, 1, 0}, false},
      {"mpirun",
       {{"OMPI_COMM_WORLD_RANK", "5"},
        {"OMPI_COMM_WORLD_SIZE", "16"},
        {"OMPI_COMM_WORLD_LOCAL_SIZE", "8"},
        {"PMIX_RANK", "5"}},
       {Launcher::kOpenMpi, 5, 16, 8, 0},
       true},
      {"mpirun -n 1 in a Slurm allocation of 4",
       {{"OMPI_COMM_WORLD_RANK", "0"},
        {"OMPI_COMM_WORLD_SIZE", "1"},
        {"OMPI_COMM_WORLD_LOCAL_SIZE", "1"},
        {"SLURM_JOB_ID", "9"},
        {"SLURM_STEP_ID", "0"},
        {"SLURM_STEP_NUM_TASKS", "4"},
        {"SLURM_NTASKS", "4"}},
       {Launcher::kOpenMpi, 0, 1, 1, 0},
       false},
      {"srun on one node",
       {{"SLURM_JOB_ID", "9"},
        {"SLURM_STEP_ID", "0"},
        {"SLURM_STEP_NUM_TASKS", "16"},
        {"SLURM_STEP_NUM_NODES", "1"},
        {"SLURM_PROCID", "3"}},
       {Launcher::kSlurm, 3, 16, 16, 0},
       true},
      {"srun on two nodes",
       {{"SLURM_JOB_ID", "9"},
        {"SLURM_STEP_ID", "0"},
        {"SLURM_STEP_NUM_TASKS", "16"},
        {"SLURM_STEP_NUM_NODES", "2"},
        {"SLURM_NTASKS_PER_NODE", "8"},
        {"SLURM_PROCID", "3"},
        {"PMIX_RANK", "3"}},
       {Launcher::kSlurm, 3, 16, 8, 0},
       true},
      {"srun of one task",
       {{"SLURM_STEP_ID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}, {"SLURM_PROCID", "0"}},
       {Launcher::kSlurm, 0, 1, 1, 0},
       false},
      {"a batch script",
       {{"SLURM_JOB_ID", "9"}, {"SLURM_NTASKS", "16"}, {"SLURM_PROCID", "0"}},
       {Launcher::kNone, 0, 1, 1, 16},
       false},
      {"another MPI's mpirun",
       {{"PMI_RANK", "2"}, {"PMI_SIZE", "4"}, {"MPI_LOCALNRANKS", "4"}},
       {Launcher::kOther, 2, 4, 4, 0},
       true},
      {"PMIx alone, which does not say how many", {{"PMIX_RANK", "2"}}, {Launcher::kOther, 2, 1, 1, 0}, false},
      {"nonsense", {{"OMPI_COMM_WORLD_SIZE", "many"}}, {Launcher::kOpenMpi, 0, 1, 1, 0}, false},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.what);
    const GetEnvironment environment = Environment(test.variables);
    const LaunchEnvironment launch = ReadLaunchEnvironment(environment);
    EXPECT_EQ(launch.launcher, test.expected.launcher);
    EXPECT_EQ(launch.rank, test.expected.rank);
    EXPECT_EQ(launch.ranks, test.expected.ranks);
    EXPECT_EQ(launch.host_ranks, test.expected.host_ranks);
    EXPECT_EQ(launch.allocated_tasks, test.expected.allocated_tasks);
    EXPECT_EQ(absl::IsInvalidArgument(CheckRanks(launch, 1, environment)), test.lonely_is_wrong);
    EXPECT_TRUE(CheckRanks(launch, 16, environment).ok());
  }
}

TEST(LaunchEnvironmentTest, SaysHowToStartUnderSlurm) {
  Variables variables = {{"SLURM_STEP_ID", "0"}, {"SLURM_STEP_NUM_TASKS", "16"}, {"SLURM_PROCID", "3"}};
  const GetEnvironment environment = Environment(variables);
  const std::string message(CheckRanks(ReadLaunchEnvironment(environment), 1, environment).message());
  EXPECT_THAT(message, HasSubstr("started as rank 3 of 16, but MPI tells it that it is alone"));
  EXPECT_THAT(message, HasSubstr("srun --mpi=pmix"));
  variables["ESPALIER_SINGLE_RANK"] = "1";
  EXPECT_TRUE(CheckRanks(ReadLaunchEnvironment(environment), 1, environment).ok());
}

}  // namespace
}  // namespace espalier
