#include "tools/simulation.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "compression/package/evaluation_network.h"
#include "core/human_readable.h"
#include "hw/integer_evaluation.h"
#include "hw/targets.h"
#include "tools/table.h"

namespace espalier {
namespace {

// The layer whose activations differ between two runs; empty if none do.
std::string FirstDifference(const IntegerNetwork& network, const IntegerNetwork::Values& a,
                            const IntegerNetwork::Values& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return network.activations()[i].name;
  }
  return "";
}

// In batches that are not larger than what there is to run.
absl::StatusOr<std::unique_ptr<Loader>> OpenSamples(const Package& package, const SimulationOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<Loader> one, OpenValidation(package, options.data_dir, 1));
  int64_t batch_size = std::min(options.batch_size, one->size());
  if (options.samples > 0) batch_size = std::min(batch_size, options.samples);
  return OpenValidation(package, options.data_dir, batch_size);
}

// Compares the first batch, activation by activation. Returns how many samples it had.
absl::StatusOr<int64_t> Check(const IntegerNetwork& network, Loader& data, Target* target) {
  data.Seek(0, 0);
  ASSIGN_OR_RETURN(const Batch* batch, data.Next());
  IntegerNetwork::Values chip, plain;
  network.Run(batch->images.data<float>(), batch->count, &target->emulator(), &chip);
  network.Run(batch->images.data<float>(), batch->count, &target->reference(), &plain);
  const std::string different = FirstDifference(network, chip, plain);
  if (different.empty()) return batch->count;
  return absl::InternalError(absl::StrCat(target->title(), ": the output of ", different, " is not that of ",
                                          target->arithmetic(), "; this is an error of the emulator"));
}

}  // namespace

absl::StatusOr<Simulation> Simulate(const Package& package, const SimulationOptions& options) {
  Simulation simulation;
  ASSIGN_OR_RETURN(std::unique_ptr<Loader> data, OpenSamples(package, options));
  ASSIGN_OR_RETURN(const std::unique_ptr<Target> target, MakeTarget(options.target));
  ASSIGN_OR_RETURN(const IntegerNetwork network, BuildIntegerNetworkFor(package, target->format(), data.get()));
  RETURN_IF_ERROR(target->Load(network));
  ASSIGN_OR_RETURN(const IntegerAccuracy accuracy,
                   EvaluateIntegerNetwork(network, *data, {&target->emulator()}, options.samples));
  simulation.samples = accuracy.samples;
  simulation.right = accuracy.top1_right;
  simulation.name = std::string(target->name());
  simulation.title = target->title();
  simulation.arithmetic = target->arithmetic();
  simulation.bits = target->format().bits;
  simulation.notes = target->Notes();
  simulation.figures = target->Figures();
  simulation.reports = target->Reports();
  // The chip counts the batch again, after its figures were taken.
  ASSIGN_OR_RETURN(simulation.checked, Check(network, *data, target.get()));
  return simulation;
}

absl::Status WriteSimulation(const Simulation& simulation, FileSystem* files, const std::string& directory) {
  const std::string folder = JoinPath(directory, simulation.name);
  RETURN_IF_ERROR(CreateDirectories(files, folder));
  for (const TargetReport& report : simulation.reports) {
    RETURN_IF_ERROR(WriteFileAtomically(files, JoinPath(folder, report.name), report.csv));
  }
  return absl::OkStatus();
}

std::string DescribeSimulation(const Simulation& simulation) {
  using Align = TextTable::Align;
  TextTable table({{"layer"},
                   {"cycles", Align::kRight},
                   {"us", Align::kRight},
                   {"GOP/s", Align::kRight},
                   {"utilization", Align::kRight},
                   {"uJ", Align::kRight}});
  const double samples = static_cast<double>(std::max<int64_t>(1, simulation.samples));
  for (const TargetFigures& of : simulation.figures) {
    const double rate = of.seconds == 0 ? 0 : of.operations / of.seconds * 1e-9;
    std::vector<std::string> cells = {of.layer,
                                      absl::StrFormat("%.1f", static_cast<double>(of.cycles) / samples),
                                      absl::StrFormat("%.3f", of.seconds / samples * 1e6),
                                      absl::StrFormat("%.1f", rate),
                                      absl::StrFormat("%.1f%%", 100 * of.utilization),
                                      absl::StrFormat("%.4g", of.energy_joules / samples * 1e6)};
    if (&of == &simulation.figures.back()) {
      table.AddTotals(std::move(cells));
    } else {
      table.AddRow(std::move(cells));
    }
  }
  std::string text = absl::StrCat(simulation.title, ": top-1 ", FormatPercent(simulation.top1()), " of ",
                                  FormatCount(simulation.samples), " samples in ", simulation.bits,
                                  "-bit integers; all activations of ", FormatCount(simulation.checked),
                                  " samples equal those of ", simulation.arithmetic, "\n");
  for (const std::string& note : simulation.notes) absl::StrAppend(&text, "  ", note, "\n");
  absl::StrAppend(&text, "a sample takes\n", table.ToString(2));
  return text;
}

}  // namespace espalier
