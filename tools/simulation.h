// A package on an emulated accelerator: accuracy in the chip's arithmetic, cycles, traffic, energy.
#ifndef ESPALIER_TOOLS_SIMULATION_H_
#define ESPALIER_TOOLS_SIMULATION_H_

#include <string>
#include <vector>

#include "compression/package/package.h"
#include "core/files/file_system.h"
#include "core/status.h"
#include "hw/target.h"

namespace espalier {

struct SimulationOptions {
  std::string target;        // as MakeTarget takes it
  std::string data_dir;      // below which the package's samples are
  int64_t samples = 0;       // of the validation samples, the first so many; 0: all
  int64_t batch_size = 100;  // at most; no larger than what there is to run
};

// What came out; of the chip only what it says of itself.
struct Simulation {
  std::string name, title, arithmetic;  // as Target has them
  int bits = 0;                         // of the chip's integers
  std::vector<std::string> notes;
  std::vector<TargetFigures> figures;
  std::vector<TargetReport> reports;
  int64_t samples = 0, right = 0;  // by the emulated chip
  int64_t checked = 0;             // samples of which every activation was compared with that arithmetic

  double top1() const { return static_cast<double>(right) / static_cast<double>(samples); }
};

// Turns the package's network into integers, their units from the ranges that the package holds, compiles it for the
// target, and runs validation samples on it. InvalidArgument if the network does not go on that chip or the samples do
// not fit it; Internal if the chip's results are not those of its arithmetic computed plainly.
absl::StatusOr<Simulation> Simulate(const Package& package, const SimulationOptions& options);

// Writes the target's reports: DIRECTORY/eie/cycles.csv, traffic.csv, energy.csv, ...
absl::Status WriteSimulation(const Simulation& simulation, FileSystem* files, const std::string& directory);

// For people: accuracy, then a row for each layer, a sample each.
std::string DescribeSimulation(const Simulation& simulation);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_SIMULATION_H_
