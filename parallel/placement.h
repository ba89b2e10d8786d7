// Where the ranks of a job run, and what follows: OpenMP threads of each, whether to give way while waiting, and what
// people should know. Facts are plain data, gathered from all ranks; decisions are functions of them alone.
#ifndef ESPALIER_PARALLEL_PLACEMENT_H_
#define ESPALIER_PARALLEL_PLACEMENT_H_

#include <string>
#include <vector>

#include "core/environment.h"
#include "parallel/communicator.h"
#include "parallel/launch_environment.h"

namespace espalier {

// Facts of one rank.
struct RankPlace {
  std::string host;
  // The same for ranks that share processors: containers of one machine have host names of their own.
  std::string machine;
  std::vector<int> cpus;      // processors that it may run on (its affinity mask), ascending
  int host_cpus = 1;          // processors it could have, were it not bound: those of its container or cpuset
  int requested_threads = 0;  // OMP_NUM_THREADS; 0: not set
  int allocated_tasks = 0;    // as in LaunchEnvironment
  Launcher launcher = Launcher::kNone;
};

struct Placement {
  int threads = 1;
  bool yield = false;  // more threads than processors: who waits gives its processor up at once
};

// This process's facts.
RankPlace FindPlace(const LaunchEnvironment& launch, const GetEnvironment& environment);

// Everybody's, in the order of ranks. Called by all ranks together.
std::vector<RankPlace> GatherPlaces(Communicator* communicator, const RankPlace& mine);

// OMP_NUM_THREADS, where it is set; else the rank's processors, divided by the ranks of its machine that may use one of
// them, too.
Placement DecidePlacement(const std::vector<RankPlace>& places, int rank);

// The same before the ranks know each other: whether they will probably have to give way.
bool ProbablyYields(const LaunchEnvironment& launch, const RankPlace& mine);

// "16 on 1 host, 1 thread each; they share 2 processors".
std::string DescribePlacement(const std::vector<RankPlace>& places);

// What makes the job slower than it could be, and how to change that: a line each. One line for all hosts that have the
// same trouble.
std::vector<std::string> PlacementWarnings(const std::vector<RankPlace>& places);

// "0-3,8" and back, as Linux writes lists of processors. Parsing skips what it does not understand.
std::string FormatNumbers(const std::vector<int>& ascending);
std::vector<int> ParseNumbers(const std::string& text);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_PLACEMENT_H_
