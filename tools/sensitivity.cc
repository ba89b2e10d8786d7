#include "tools/sensitivity.h"

#include <unistd.h>

#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/files/file_system.h"
#include "core/human_readable.h"
#include "core/status.h"
#include "data/validation_batch_size.h"
#include "proto/job_loader.h"
#include "tools/chart_svg.h"
#include "tools/evaluate.h"
#include "tools/sensitivity_report.h"
#include "tools/sensitivity_scan.h"
#include "tools/trained_network.h"

namespace espalier {
namespace {

constexpr char kDefaultSparsities[] = "0,10,20,30,40,50,60,70,80,90,95,98";

// Fractions of the percentages that the flag lists.
absl::StatusOr<std::vector<double>> Sparsities(const Arguments& arguments) {
  std::vector<double> sparsities;
  for (const absl::string_view text : absl::StrSplit(arguments.Get("sparsities", kDefaultSparsities), ',')) {
    double percent = 0;
    const bool number = absl::SimpleAtod(text, &percent) && percent >= 0 && percent < 100;
    if (!number || (!sparsities.empty() && percent / 100 <= sparsities.back())) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--sparsities: expected rising percentages from 0 to below 100, separated by commas, found ", text));
    }
    sparsities.push_back(percent / 100);
  }
  return sparsities;
}

// The samples that are evaluated, in order and without augmentation.
absl::StatusOr<std::unique_ptr<Loader>> OpenSamples(const Arguments& arguments, const Data& data) {
  const std::string split = arguments.Get("split", data.has_validation() ? "validation" : "train");
  if (split != "train" && split != "validation") {
    return absl::InvalidArgumentError(absl::StrCat("--split: expected train or validation, found ", split));
  }
  if (split == "validation" && !data.has_validation()) {
    return absl::InvalidArgumentError("--split: expected train, for the job has no validation data, found validation");
  }
  Dataset samples = split == "train" ? data.train() : data.validation();
  samples.clear_augment();
  samples.set_shuffle(false);
  if (arguments.Has("take")) {
    ASSIGN_OR_RETURN(const int64_t take, arguments.GetInteger("take", 0, 1));
    samples.set_take(take);
  }
  LoaderOptions options;
  options.data_dir = DataDirectory(arguments);
  options.batch_size = ValidationBatchSize(data);
  options.training = false;
  options.shuffle = false;
  return Loader::Create(samples, options);
}

absl::StatusOr<Sensitivity> Scan(const Arguments& arguments, const JobDocument& document) {
  FileSystem* const files = FileSystem::Posix();
  if (!arguments.Has("weights")) {
    return absl::InvalidArgumentError("--weights: expected a checkpoint or an output directory, found nothing");
  }
  ASSIGN_OR_RETURN(const std::vector<double> sparsities, Sparsities(arguments));
  ASSIGN_OR_RETURN(const TrainedNetwork trained,
                   LoadTrainedNetwork(files, arguments.Get("weights"), arguments.Has("best")));
  ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader, OpenSamples(arguments, document.job.data()));
  const Data& data = document.job.data();
  ASSIGN_OR_RETURN(
      const std::unique_ptr<SensitivityNetwork> network,
      SensitivityNetwork::Create(document.job, &document.sources, ValidationBatchSize(data), trained.tensors));
  const bool terminal = isatty(STDERR_FILENO) != 0;
  absl::StatusOr<Sensitivity> scan = ScanSensitivity(*network, *loader, sparsities, [&](size_t done, size_t all) {
    if (terminal) std::cerr << "\r" << done << " of " << all << " layers" << std::flush;
  });
  if (terminal) std::cerr << "\r\x1b[K" << std::flush;
  return scan;
}

absl::Status ScanAndReport(const Arguments& arguments, std::ostream& out) {
  ASSIGN_OR_RETURN(const double points, arguments.GetPositive("tolerance", 1));
  ASSIGN_OR_RETURN(const JobDocument document, LoadJob(arguments.positional()[0], arguments.GetAll("set")));
  FileSystem* const files = FileSystem::Posix();
  const std::string directory = arguments.Get("output", ".");
  RETURN_IF_ERROR(CreateDirectories(files, directory));  // before the work, which may take hours
  ASSIGN_OR_RETURN(const Sensitivity scan, Scan(arguments, document));
  const std::vector<double> suggested = SuggestedSparsities(scan, points / 100);
  out << "top-1 " << FormatPercent(scan.dense.top1) << " of " << FormatCount(scan.samples)
      << " samples; in percent with one layer pruned:\n\n"
      << SensitivityTable(scan, suggested) << "\nless than " << FormatFigure(points)
      << " points lost by each layer alone; together they lose more, which training makes good:\n\n"
      << PruneLines(scan, suggested) << std::flush;
  const std::string csv = JoinPath(directory, "sensitivity.csv"), svg = JoinPath(directory, "sensitivity.svg");
  RETURN_IF_ERROR(WriteFileAtomically(files, csv, SensitivityCsv(scan)));
  RETURN_IF_ERROR(WriteSvgCharts(files, svg, {SensitivityChart(scan)}));
  out << "\nwritten: " << csv << ", " << svg << "\n";
  return absl::OkStatus();
}

}  // namespace

Verb SensitivityVerb() {
  Verb verb;
  verb.name = "sensitivity";
  verb.arguments = "JOB --weights CHECKPOINT_OR_OUTPUT_DIR [--FLAGS]";
  verb.summary = "Prunes each layer alone, ever more, and tells how top-1 falls: what each layer can spare.";
  verb.details =
      "Weights go by magnitude, without training in between. Writes sensitivity.csv and sensitivity.svg, and prints "
      "the\n"
      "greatest sparsity of each layer that loses less than the tolerance, as lines for a phase of the job.";
  verb.flags = {{"weights", "PATH", "the trained weights: a checkpoint, or an output directory with checkpoints"},
                {"best", "", "the best checkpoint by validation top-1 instead of the newest"},
                {"data_dir", "DIR", "the folder that holds mnist/, cifar10/, ...; default: $ESPALIER_DATA_DIR"},
                {"split", "SPLIT", "samples to evaluate: validation or train; default: validation if the job has it"},
                {"take", "N", "the first N samples only"},
                {"sparsities", "LIST", std::string("percentages; default: ") + kDefaultSparsities},
                {"tolerance", "POINTS", "percentage points of top-1; default: 1"},
                {"output", "DIR", "for the CSV and SVG files; default: the working directory"},
                {"set", "PATH=VALUE", "overrides a field of the job; may be repeated"}};
  verb.minimum_arguments = verb.maximum_arguments = 1;
  verb.run = ScanAndReport;
  return verb;
}

}  // namespace espalier
