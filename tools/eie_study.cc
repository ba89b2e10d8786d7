#include "tools/eie_study.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/files/file_system.h"
#include "core/status.h"
#include "hw/eie/energy.h"
#include "hw/eie/study.h"
#include "tools/chart_svg.h"
#include "tools/eie_study_report.h"

namespace espalier {
namespace {

struct Request {
  std::vector<EieBenchmark> benchmarks;
  std::vector<uint64_t> seeds;
};

absl::StatusOr<Request> ReadRequest(const Arguments& arguments) {
  Request request;
  for (const std::string& name : arguments.GetAll("layer")) {
    ASSIGN_OR_RETURN(const EieBenchmark benchmark, FindEieBenchmark(name));
    const bool chosen = std::any_of(request.benchmarks.begin(), request.benchmarks.end(),
                                    [&](const EieBenchmark& other) { return other.name == benchmark.name; });
    if (!chosen) request.benchmarks.push_back(benchmark);
  }
  if (request.benchmarks.empty()) request.benchmarks.assign(EieBenchmarks().begin(), EieBenchmarks().end());
  ASSIGN_OR_RETURN(const int64_t seeds, arguments.GetInteger("seeds", 3, 1, 1000));
  for (int64_t seed = 1; seed <= seeds; ++seed) request.seeds.push_back(seed);
  return request;
}

absl::StatusOr<std::vector<EieLayerRun>> RunLayers(const Request& request) {
  std::vector<EieStudyTask> tasks;
  for (const EieBenchmark& benchmark : request.benchmarks) {
    for (const uint64_t seed : request.seeds) {
      tasks.push_back({benchmark, seed, benchmark.known_activations, EieConfig()});
      tasks.push_back({benchmark, seed, benchmark.NonZeroActivations(), EieConfig()});
    }
  }
  ASSIGN_OR_RETURN(const std::vector<EieStudyResult> results, RunEieStudy(tasks));
  std::vector<EieLayerRun> runs;
  for (size_t i = 0; i < tasks.size(); i += 2) runs.push_back({tasks[i], tasks[i + 1], results[i], results[i + 1]});
  return runs;
}

using MakeConfig = EieConfig (*)(int value, const EieBenchmark& benchmark);
// A point's metrics; `first`: its layer's with the least value.
using Measure = std::vector<double> (*)(const EieStudyPoint& point, const EieStudyPoint& first);

absl::Status RunSweep(const Request& request, int first_value, int last_value, MakeConfig make_config, Measure measure,
                      EieSweep* sweep) {
  std::vector<EieStudyTask> tasks;
  for (const EieBenchmark& benchmark : request.benchmarks) {
    for (int value = first_value; value <= last_value; value *= 2) {
      tasks.push_back({benchmark, request.seeds[0], benchmark.NonZeroActivations(), make_config(value, benchmark)});
      sweep->points.push_back({tasks.back(), {}, value, {}});
    }
  }
  ASSIGN_OR_RETURN(const std::vector<EieStudyResult> results, RunEieStudy(tasks));
  size_t first = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    EieStudyPoint& point = sweep->points[i];
    point.result = results[i];
    if (point.value == first_value) first = i;
    point.metrics = measure(point, sweep->points[first]);
  }
  return absl::OkStatus();
}

double LoadBalance(const EieStudyPoint& point) {
  return point.result.counters.LoadBalance(point.task.config.processing_elements);
}

absl::StatusOr<std::vector<EieSweep>> RunSweeps(const Request& request) {
  EieSweep depth{"queue_depth", "activations that a queue holds", {{"load_balance", "load balance", true}}, {}};
  RETURN_IF_ERROR(RunSweep(
      request, 1, 256, [](int value, const EieBenchmark&) { return EieWithQueueDepth(value); },
      [](const EieStudyPoint& point, const EieStudyPoint&) -> std::vector<double> { return {LoadBalance(point)}; },
      &depth));

  EieSweep elements{"processing_elements",
                    "processing elements",
                    {{"speedup", "speed over one element's", false, true},
                     {"padding_share", "padding among the entries", true},
                     {"load_balance", "load balance", true}},
                    {}};
  RETURN_IF_ERROR(RunSweep(
      request, 1, 256, EieWithElements,
      [](const EieStudyPoint& point, const EieStudyPoint& first) -> std::vector<double> {
        const EieCounters& counters = point.result.counters;
        const double entries = static_cast<double>(counters.real_macs + counters.padding_macs);
        return {static_cast<double>(first.result.counters.cycles) / static_cast<double>(counters.cycles),
                static_cast<double>(counters.padding_macs) / entries, LoadBalance(point)};
      },
      &elements));

  EieSweep width{"matrix_sram_width",
                 "bits of a line of the matrix SRAM",
                 {{"matrix_energy_uj", "energy of matrix reads, uJ", false, true},
                  {"matrix_kilo_reads", "matrix reads, thousands", false, true}},
                 {}};
  RETURN_IF_ERROR(RunSweep(
      request, 32, 512, [](int value, const EieBenchmark&) { return EieWithMatrixWidth(value); },
      [](const EieStudyPoint& point, const EieStudyPoint&) -> std::vector<double> {
        const double reads = static_cast<double>(point.result.counters.matrix_reads);
        return {reads * EieMatrixReadEnergy(point.task.config) / 1e6, reads / 1e3};
      },
      &width));
  return std::vector<EieSweep>{depth, elements, width};
}

absl::Status Write(const std::string& directory, const std::vector<EieLayerRun>& runs,
                   const std::vector<EieSweep>& sweeps) {
  FileSystem* const files = FileSystem::Posix();
  RETURN_IF_ERROR(CreateDirectories(files, directory));
  RETURN_IF_ERROR(WriteFileAtomically(files, JoinPath(directory, "eie_layers.csv"), EieLayerCsv(runs)));
  for (const EieSweep& sweep : sweeps) {
    const std::string path = JoinPath(directory, absl::StrCat("eie_", sweep.name));
    RETURN_IF_ERROR(WriteFileAtomically(files, absl::StrCat(path, ".csv"), EieSweepCsv(sweep)));
    RETURN_IF_ERROR(WriteSvgCharts(files, absl::StrCat(path, ".svg"), EieSweepCharts(sweep)));
  }
  return absl::OkStatus();
}

absl::Status RunStudy(const Arguments& arguments, std::ostream& out) {
  ASSIGN_OR_RETURN(const Request request, ReadRequest(arguments));
  ASSIGN_OR_RETURN(const std::vector<EieLayerRun> runs, RunLayers(request));
  out << EieLayerTable(runs);
  ASSIGN_OR_RETURN(const std::vector<EieSweep> sweeps, RunSweeps(request));
  for (const EieSweep& sweep : sweeps) out << "\n" << EieSweepTable(sweep);
  if (arguments.Has("constants")) out << "\n" << EieConstantTable();
  if (!arguments.Has("output")) return absl::OkStatus();
  return Write(arguments.Get("output"), runs, sweeps);
}

}  // namespace

Verb EieStudyVerb() {
  Verb verb;
  verb.name = "eie_study";
  verb.summary = "Runs the nine published layers on EIE, and varies its queues, elements and SRAM width.";
  verb.details =
      "Layers: Alex-6, Alex-7, Alex-8, VGG-6, VGG-7, VGG-8, NT-We, NT-Wd, NT-LSTM; weights and activations are "
      "random.\n"
      "The first table has cycles beside those of the authors' simulator, at its number of non-zero activations, and\n"
      "all else at the published share of non-zero activations. What the figures mean and what they show: docs/eie.md.";
  verb.flags = {{"layer", "NAME", "instead of all nine; may be repeated"},
                {"seeds", "N", "random layers of each kind in the first table; 3 by default"},
                {"constants", "", "also lists the energies and areas of the parts, with their sources"},
                {"output", "DIR", "writes CSV files and SVG plots there"}};
  verb.run = RunStudy;
  return verb;
}

}  // namespace espalier
