#include "tools/simulate.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compression/package/package_file.h"
#include "core/human_readable.h"
#include "hw/targets.h"
#include "tools/evaluate.h"
#include "tools/simulation.h"

namespace espalier {
namespace {

// The targets' own names, each once.
absl::StatusOr<std::vector<std::string>> ChosenTargets(const std::vector<std::string>& names) {
  if (names.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected --target, one of ", absl::StrJoin(TargetNames(), ", "), ", found none"));
  }
  std::vector<std::string> chosen;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const std::unique_ptr<Target> target, MakeTarget(name));
    const std::string own(target->name());
    if (std::find(chosen.begin(), chosen.end(), own) == chosen.end()) chosen.push_back(own);
  }
  return chosen;
}

absl::Status RunSimulate(const Arguments& arguments, std::ostream& out) {
  FileSystem* files = FileSystem::Posix();
  const std::string& path = arguments.positional()[0];
  SimulationOptions options;
  ASSIGN_OR_RETURN(const std::vector<std::string> targets, ChosenTargets(arguments.GetAll("target")));
  options.data_dir = DataDirectory(arguments);
  ASSIGN_OR_RETURN(options.samples, arguments.GetInteger("take", 0, 1));
  ASSIGN_OR_RETURN(options.batch_size, arguments.GetInteger("batch", options.batch_size, 1));
  ASSIGN_OR_RETURN(const Package package, ReadPackage(files, path));
  const std::string directory = arguments.Get("output", ParentDirectory(path));
  for (const std::string& target : targets) {
    options.target = target;
    ASSIGN_OR_RETURN(const Simulation simulation, Simulate(package, options));
    RETURN_IF_ERROR(WriteSimulation(simulation, files, directory));
    out << DescribeSimulation(simulation)
        << "cycles, traffic and energy by layer: " << JoinPath(directory, simulation.name) << "/\n";
    if (package.info.has_top1()) {
      out << "in floating point this package's top-1 is " << FormatPercent(package.info.top1()) << "\n";
    }
  }
  return absl::OkStatus();
}

}  // namespace

Verb SimulateVerb() {
  Verb verb;
  verb.name = "simulate";
  verb.arguments = "PACKAGE";
  verb.summary = "Runs a package's network on an emulated accelerator: accuracy, cycles, traffic, energy.";
  verb.details =
      "The chip computes validation samples in its own arithmetic, bit for bit; its results are checked against\n"
      "the same arithmetic computed plainly. cycles.csv, traffic.csv and energy.csv go to OUTPUT/TARGET.";
  verb.flags = {{"target", "NAME",
                 absl::StrCat("the chip: ", absl::StrJoin(TargetNames(), " or "), "; may be given more than once")},
                {"data_dir", "DIR", "the folder that holds mnist/, cifar10/, ...; default: $ESPALIER_DATA_DIR"},
                {"take", "N", "the first N validation samples instead of all"},
                {"batch", "N", "samples that the chip gets at a time; 100 by default"},
                {"output", "DIR", "where the files go; default: beside the package"}};
  verb.minimum_arguments = verb.maximum_arguments = 1;
  verb.run = RunSimulate;
  return verb;
}

}  // namespace espalier
