// What integers cost a trained network: top-1 over the validation set of a job in float and in each format.
//   bazel run -c opt //hw:integer_accuracy -- --config lenet5.pbtxt --data_dir DATA
//     --weights OUTPUT_DIR/checkpoints/step-N/weights.safetensors
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "compression/package/evaluation_network.h"
#include "compression/package/make_package.h"
#include "core/clock.h"
#include "core/files/file_system.h"
#include "core/files/safetensors.h"
#include "core/status.h"
#include "hw/fast_matrix_engine.h"
#include "hw/integer_evaluation.h"
#include "proto/job_loader.h"

ABSL_FLAG(std::string, config, "", "The job.");
ABSL_FLAG(std::string, weights, "", "The network's parameters and running statistics, a safetensors file.");
ABSL_FLAG(std::string, data_dir, "", "Where the job's data is.");
ABSL_FLAG(std::string, format, "named", "fixed16, fixed8, int8, all these (named), or all there are (all).");
ABSL_FLAG(int64_t, calibration_samples, 1000, "Training samples that units are chosen from.");

namespace espalier {
namespace {

constexpr int64_t kBatch = 100;

absl::StatusOr<Package> ReadPackage(const Job& job) {
  ASSIGN_OR_RETURN(std::unique_ptr<ReadableFile> file,
                   FileSystem::Posix()->OpenForReading(absl::GetFlag(FLAGS_weights)));
  ASSIGN_OR_RETURN(const SafetensorsReader reader, SafetensorsReader::Open(std::move(file)));
  std::vector<NamedTensor> tensors;
  for (const SafetensorsReader::Entry& entry : reader.entries()) {
    tensors.push_back({entry.name, Tensor(entry.dtype, entry.shape)});
    RETURN_IF_ERROR(reader.Read(entry, tensors.back().tensor));
  }
  PackageInfo info;
  *info.mutable_model() = job.model();
  *info.mutable_data() = job.data();
  return MakePackage(std::move(info), tensors);
}

absl::StatusOr<std::unique_ptr<Loader>> Open(const Dataset& dataset) {
  LoaderOptions options;
  options.data_dir = absl::GetFlag(FLAGS_data_dir);
  options.batch_size = kBatch;
  options.training = false;
  options.shuffle = false;
  return Loader::Create(dataset, options);
}

struct NamedFormat {
  std::string name;
  IntegerFormat format;
};

absl::StatusOr<std::vector<NamedFormat>> Formats() {
  const std::string wanted = absl::GetFlag(FLAGS_format);
  std::vector<std::string> names = {wanted};
  if (wanted == "named" || wanted == "all") names = {"fixed16", "fixed8", "int8"};
  std::vector<NamedFormat> formats;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const IntegerFormat format, IntegerFormat::FromName(name));
    formats.push_back({name, format});
  }
  if (wanted != "all") return formats;
  constexpr UnitChoice kChoices[] = {UnitChoice::kLargest, UnitChoice::kLeastSquaredError};
  for (int index = 0; index < 32; ++index) {
    IntegerFormat format;
    format.bits = (index & 16) != 0 ? 16 : 8;
    format.power_of_two = (index & 8) != 0;
    format.per_channel = (index & 4) != 0;
    format.weights = kChoices[index >> 1 & 1];
    format.activations = kChoices[index & 1];
    formats.push_back({format.ToString(), format});
  }
  return formats;
}

absl::Status Run() {
  ASSIGN_OR_RETURN(const std::vector<NamedFormat> formats, Formats());
  ASSIGN_OR_RETURN(const JobDocument document, LoadJob(absl::GetFlag(FLAGS_config)));
  ASSIGN_OR_RETURN(const Package package, ReadPackage(document.job));
  ASSIGN_OR_RETURN(const std::unique_ptr<Loader> training, Open(document.job.data().train()));
  ASSIGN_OR_RETURN(const std::unique_ptr<Loader> validation, Open(document.job.data().validation()));
  ASSIGN_OR_RETURN(const TopCounts counts, EvaluatePackage(package, absl::GetFlag(FLAGS_data_dir), nullptr));
  const double top1 = static_cast<double>(counts.top1) / static_cast<double>(counts.samples);
  std::printf("float: top-1 %.2f %%\n", 100 * top1);
  std::fflush(stdout);
  FastMatrixEngine engine;
  for (const NamedFormat& named : formats) {
    const double start = SteadySeconds();
    ASSIGN_OR_RETURN(const IntegerNetwork network, BuildIntegerNetwork(package, named.format, training.get(),
                                                                       absl::GetFlag(FLAGS_calibration_samples)));
    const double begin = SteadySeconds();
    ASSIGN_OR_RETURN(const IntegerAccuracy accuracy, EvaluateIntegerNetwork(network, *validation, {&engine}));
    std::printf("%s: top-1 %.2f %%, %+.2f points; calibrated in %.1f s, evaluated in %.1f s\n", named.name.c_str(),
                100 * accuracy.top1(), 100 * (accuracy.top1() - top1), begin - start, SteadySeconds() - begin);
    std::fflush(stdout);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace espalier

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = espalier::Run();
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
