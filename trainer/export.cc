#include "trainer/export.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "compression/package/evaluation_network.h"
#include "compression/package/ledger.h"
#include "compression/package/make_package.h"
#include "compression/package/package_file.h"
#include "core/human_readable.h"
#include "hw/activation_statistics.h"
#include "hw/inference_network.h"
#include "tools/evaluate.h"
#include "tools/package_report.h"
#include "tools/simulation.h"

namespace espalier {
namespace {

// Training samples that the ranges of activations are gathered from.
constexpr int64_t kCalibrationSamples = 1000, kCalibrationBatch = 100;

DType TypeOf(PackageExport::FloatType type) {
  switch (type) {
    case PackageExport::F16:
      return DType::kF16;
    case PackageExport::BF16:
      return DType::kBF16;
    case PackageExport::F32:
      break;
  }
  return DType::kF32;
}

// Notes in the package how large its activations are on training samples, if it goes onto accelerators.
absl::Status GatherRanges(const Job& job, const std::string& data_dir, Package* package) {
  LoaderOptions options;
  options.data_dir = data_dir;
  options.batch_size = kCalibrationBatch;
  options.training = false;
  options.shuffle = true;
  ASSIGN_OR_RETURN(const std::unique_ptr<Loader> data, Loader::Create(job.data().train(), options));
  ASSIGN_OR_RETURN(const InferenceNetwork network, BuildInferenceNetwork(job.model(), kCalibrationBatch));
  ASSIGN_OR_RETURN(const std::vector<MagnitudeHistogram> activations,
                   GatherActivations(network, package->tensors, *data, kCalibrationSamples));
  StoreActivations(network, activations, &package->info);
  return absl::OkStatus();
}

absl::StatusOr<Package> Pack(const PreparedJob& prepared, const std::string& data_dir) {
  const Job& job = prepared.job();
  MakePackageOptions options;
  options.shared_values = TypeOf(job.export_().package().codebook());
  options.small_tensors = TypeOf(job.export_().package().biases());
  ASSIGN_OR_RETURN(Package package, MakePackage(InfoOf(job), TensorsOf(prepared.network->parameters()), options));
  if (job.export_().target_size() > 0) RETURN_IF_ERROR(GatherRanges(job, data_dir, &package));
  return package;
}

// Runs the package, as a reader of its file has it, on the accelerators that the job names.
absl::Status RunTargets(const Export& settings, absl::string_view file, const std::string& data_dir, FileSystem* files,
                        const std::string& output_dir, ExportResult* result) {
  if (settings.target().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Package package, DecodePackage(file));
  for (const int target : settings.target()) {
    SimulationOptions options;
    options.target = Export::Target_Name(static_cast<Export::Target>(target));
    options.data_dir = data_dir;
    options.samples = settings.samples();
    options.batch_size = std::min(options.batch_size, settings.samples());
    ASSIGN_OR_RETURN(const Simulation simulation, Simulate(package, options));
    RETURN_IF_ERROR(WriteSimulation(simulation, files, output_dir));
    absl::StrAppend(&result->text, "\n", DescribeSimulation(simulation));
    result->files.push_back({JoinPath(output_dir, simulation.name) + "/", "cycles, traffic and energy by layer"});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ExportResult> ExportModel(const PreparedJob& prepared, const std::string& data_dir, FileSystem* files,
                                         const std::string& output_dir) {
  ExportResult result;
  const Export& settings = prepared.job().export_();
  if (!settings.has_package()) return result;
  ASSIGN_OR_RETURN(Package package, Pack(prepared, data_dir));
  ASSIGN_OR_RETURN(const TopCounts counts, EvaluatePackage(package, data_dir, nullptr));
  package.info.set_top1(static_cast<float>(counts.top1) / static_cast<float>(counts.samples));
  PackOptions options;
  options.index_bits = settings.package().index_bits();
  ASSIGN_OR_RETURN(const std::string bytes, EncodePackage(package, options));
  ASSIGN_OR_RETURN(const PackageLedger ledger, ExplainPackage(bytes));
  const std::string path = JoinPath(output_dir, "model.esp"), csv = JoinPath(output_dir, "ledger.csv");
  RETURN_IF_ERROR(WriteFileAtomically(files, path, bytes));
  RETURN_IF_ERROR(WriteFileAtomically(files, csv, LedgerCsv(ledger)));
  result.files = {{path, "the compressed network"}, {csv, "every byte of it by tensor and purpose"}};
  absl::StrAppend(&result.text, "\n", PackageTable(ledger), "\n", PackageSize(ledger),
                  "\npackage: ", DescribeCounts(counts), "\n");
  RETURN_IF_ERROR(RunTargets(settings, bytes, data_dir, files, output_dir, &result));
  return result;
}

}  // namespace espalier
