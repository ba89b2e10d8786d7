#include "tools/report/gather.h"

#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/human_readable.h"
#include "layers/model_builder.h"
#include "proto/job_loader.h"
#include "tools/network_report.h"
#include "tools/report/csv.h"
#include "tools/report/hardware_section.h"
#include "tools/report/package_section.h"
#include "tools/report/training_sections.h"
#include "tools/report/weight_sections.h"

namespace espalier {
namespace {

constexpr uint64_t kMaximumJobBytes = 16 << 20;

// A run's files, as far as they can be read.
struct RunFiles {
  absl::StatusOr<JobDocument> job = absl::UnknownError("");
  std::string job_text;
  absl::StatusOr<std::vector<MetricsRecord>> metrics = absl::UnknownError("");
  absl::StatusOr<std::vector<WeightHistogram>> histograms = absl::UnknownError("");
  absl::StatusOr<CsvTable> ledger = absl::UnknownError("");
  absl::StatusOr<CsvTable> sensitivity = absl::UnknownError("");  // which few runs have
  bool eie = false, tpu = false;

  const Job* job_or_null() const { return job.ok() ? &job->job : nullptr; }
};

RunFiles ReadRun(FileSystem* files, const std::string& directory) {
  RunFiles run;
  const auto path = [&](const char* name) { return JoinPath(directory, name); };
  const absl::StatusOr<std::string> text = ReadFile(files, path("job.pbtxt"), kMaximumJobBytes);
  run.job_text = text.value_or("");
  run.job = text.ok() ? LoadJob(path("job.pbtxt"), {}, {}) : text.status();
  run.metrics = ReadMetrics(files, path("metrics.jsonl"));
  run.histograms = ReadWeightHistograms(files, path("histograms.jsonl"));
  run.ledger = ReadCsv(files, path("ledger.csv"));
  run.sensitivity = ReadCsv(files, path("sensitivity.csv"));
  run.eie = files->Exists(path("eie"));
  run.tpu = files->Exists(path("tpu"));
  return run;
}

ReportSection Missing(const char* id, const char* title, const std::string& file, const absl::Status& status) {
  ReportSection section;
  section.id = id;
  section.title = title;
  section.remarks.push_back(absl::IsNotFound(status)
                                ? absl::StrCat("Left out: there is no ", file, " here.")
                                : absl::StrCat("Left out: ", file, " cannot be read: ", status.message()));
  return section;
}

// "resnet20: 268,336 parameters, 40,551,424 multiply-accumulates an image."
std::string DescribeNetwork(const Job& job) {
  Graph graph;
  const absl::StatusOr<BuiltModel> model = BuildModel(job.model(), BuildOptions(), &graph);
  if (!model.ok()) return "";
  int64_t parameters = 0, macs = 0;
  for (const LayerReport& layer : ReportNetwork(*model, graph)) {
    parameters += layer.parameters;
    macs += layer.macs;
  }
  const std::string name = job.model().name().empty() ? "The network" : job.model().name();
  return absl::StrCat(name, ": ", FormatCount(parameters), " parameters, ", FormatCount(macs),
                      " multiply-accumulates an image.");
}

void AddHighlights(std::vector<Highlight> highlights, Report* report) {
  for (Highlight& highlight : highlights) report->highlights.push_back(std::move(highlight));
}

void AddTraining(const RunFiles& run, Report* report) {
  const Job* const job = run.job_or_null();
  report->sections.push_back(job != nullptr ? JobSection(*job, DescribeNetwork(*job), run.job_text)
                                            : Missing("job", "The job", "job.pbtxt", run.job.status()));
  if (run.metrics.ok()) {
    report->sections.push_back(CurvesSection(*run.metrics));
    AddHighlights(TrainingHighlights(job, *run.metrics), report);
  } else {
    report->sections.push_back(Missing("curves", "Training", "metrics.jsonl", run.metrics.status()));
  }
  if (run.histograms.ok()) {
    const std::vector<ChartMarker> phases =
        run.metrics.ok() ? MarkersOfPhases(*run.metrics) : std::vector<ChartMarker>();
    report->sections.push_back(SparsitySection(*run.histograms, phases));
    report->sections.push_back(HistogramSection(*run.histograms, job));
  } else {
    report->sections.push_back(
        Missing("weights", "Distributions of the weights", "histograms.jsonl", run.histograms.status()));
  }
}

ReportSection PackageOf(const RunFiles& run) {
  absl::StatusOr<ReportSection> section = run.ledger.ok() ? PackageSection(*run.ledger) : run.ledger.status();
  if (section.ok()) return *std::move(section);
  return Missing("package", "The package, byte by byte", "ledger.csv", section.status());
}

ReportSection SensitivityOf(const RunFiles& run) {
  absl::StatusOr<ReportSection> section =
      run.sensitivity.ok() ? SensitivitySection(*run.sensitivity) : run.sensitivity.status();
  if (section.ok()) return *std::move(section);
  return Missing("sensitivity", "How much each layer can be pruned", "sensitivity.csv", section.status());
}

}  // namespace

absl::StatusOr<Report> GatherReport(FileSystem* files, const std::string& directory) {
  ASSIGN_OR_RETURN(const FileInfo info, files->Stat(directory));
  if (!info.is_directory) return absl::InvalidArgumentError(absl::StrCat(directory, ": expected a directory"));
  const RunFiles run = ReadRun(files, directory);
  const bool nothing = absl::IsNotFound(run.job.status()) && absl::IsNotFound(run.metrics.status()) &&
                       absl::IsNotFound(run.histograms.status()) && absl::IsNotFound(run.ledger.status());
  if (nothing && !run.eie && !run.tpu) {
    return absl::InvalidArgumentError(absl::StrCat(
        directory, ": expected a run's output, such as metrics.jsonl or ledger.csv, found nothing of the kind"));
  }
  Report report;
  const Job* const job = run.job_or_null();
  report.title = job != nullptr && !job->name().empty() ? job->name() : directory;
  if (run.ledger.ok()) AddHighlights(PackageHighlights(*run.ledger), &report);
  AddTraining(run, &report);
  if (!absl::IsNotFound(run.sensitivity.status())) report.sections.push_back(SensitivityOf(run));
  report.sections.push_back(PackageOf(run));
  for (const auto& [folder, name, there] : {std::tuple("eie", "EIE", run.eie), std::tuple("tpu", "TPU", run.tpu)}) {
    report.sections.push_back(there ? HardwareSection(files, JoinPath(directory, folder), name)
                                    : Missing(folder, name, absl::StrCat(folder, "/"), absl::NotFoundError("")));
  }
  return report;
}

}  // namespace espalier
