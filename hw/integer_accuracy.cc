// What integers cost a trained network: top-1 over the validation set of a job in float and in each format.
//   bazel run -c opt //hw:integer_accuracy -- --config lenet5.pbtxt --data_dir DATA
//     --weights OUTPUT_DIR/checkpoints/step-N/weights.safetensors
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "core/clock.h"
#include "core/files/file_system.h"
#include "core/files/safetensors.h"
#include "core/status.h"
#include "hw/activation_statistics.h"
#include "hw/fast_matrix_engine.h"
#include "hw/integer_builder.h"
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

absl::StatusOr<std::vector<PackedTensor>> ReadTensors(const std::string& path) {
  ASSIGN_OR_RETURN(std::unique_ptr<ReadableFile> file, FileSystem::Posix()->OpenForReading(path));
  ASSIGN_OR_RETURN(const SafetensorsReader reader, SafetensorsReader::Open(std::move(file)));
  std::vector<PackedTensor> tensors;
  for (const SafetensorsReader::Entry& entry : reader.entries()) {
    if (entry.dtype != DType::kF32) return absl::InvalidArgumentError(entry.name + ": expected f32");
    const Tensor tensor(entry.dtype, entry.shape);
    RETURN_IF_ERROR(reader.Read(entry, tensor));
    const absl::Span<float> values = tensor.span<float>();
    tensors.push_back({entry.name, entry.shape, FloatValues{DType::kF32, {values.begin(), values.end()}}});
  }
  return tensors;
}

absl::StatusOr<std::unique_ptr<Loader>> Open(const Dataset& dataset) {
  LoaderOptions options;
  options.data_dir = absl::GetFlag(FLAGS_data_dir);
  options.batch_size = kBatch;
  options.training = false;
  options.shuffle = false;
  return Loader::Create(dataset, options);
}

absl::StatusOr<double> FloatTop1(const InferenceNetwork& network, const std::vector<PackedTensor>& tensors,
                                 Loader& data) {
  const std::vector<ValueId> activations = network.Activations();
  const int last = static_cast<int>(activations.size()) - 1;
  ASSIGN_OR_RETURN(const std::unique_ptr<Executor> executor, MakeFloatExecutor(network, tensors, {last}));
  int64_t right = 0;
  data.Seek(0, 0);
  for (int64_t i = 0; i < data.batches_per_epoch(); ++i) {
    ASSIGN_OR_RETURN(const Batch* batch, data.Next());
    executor->SetInput(network.graph.value(network.input).name, batch->images);
    executor->Run({});
    const Tensor logits = executor->Output("activation" + std::to_string(last));
    const int64_t classes = logits.shape()[1];
    for (int64_t b = 0; b < batch->count; ++b) {
      const float* row = logits.data<float>() + b * classes;
      right += std::max_element(row, row + classes) - row == batch->labels.data<int32_t>()[b];
    }
  }
  return static_cast<double>(right) / static_cast<double>(data.size());
}

struct NamedFormat {
  std::string name;
  IntegerFormat format;
};

absl::StatusOr<std::vector<NamedFormat>> Formats() {
  const std::string wanted = absl::GetFlag(FLAGS_format);
  std::vector<NamedFormat> formats;
  for (const NamedFormat& named :
       {NamedFormat{"fixed16", IntegerFormat::Fixed16()}, NamedFormat{"fixed8", IntegerFormat::Fixed8()},
        NamedFormat{"int8", IntegerFormat::Int8()}}) {
    if (wanted == "named" || wanted == "all" || wanted == named.name) formats.push_back(named);
  }
  if (formats.empty()) {
    return absl::InvalidArgumentError("--format: expected fixed16, fixed8, int8, named or all, found " + wanted);
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
  ASSIGN_OR_RETURN(const JobDocument document, LoadJob(absl::GetFlag(FLAGS_config)));
  ASSIGN_OR_RETURN(const std::vector<PackedTensor> tensors, ReadTensors(absl::GetFlag(FLAGS_weights)));
  ASSIGN_OR_RETURN(const std::unique_ptr<Loader> training, Open(document.job.data().train()));
  ASSIGN_OR_RETURN(const std::unique_ptr<Loader> validation, Open(document.job.data().validation()));
  ASSIGN_OR_RETURN(const InferenceNetwork network, BuildInferenceNetwork(document.job.model(), kBatch));
  ASSIGN_OR_RETURN(const double top1, FloatTop1(network, tensors, *validation));
  std::printf("%-78s top-1 %6.2f %%\n", "float", 100 * top1);
  std::fflush(stdout);
  const double start = SteadySeconds();
  ASSIGN_OR_RETURN(const std::vector<MagnitudeHistogram> activations,
                   GatherActivations(network, tensors, *training, absl::GetFlag(FLAGS_calibration_samples)));
  std::printf("calibrated on %lld samples in %.2f s\n",
              static_cast<long long>(absl::GetFlag(FLAGS_calibration_samples)), SteadySeconds() - start);
  ASSIGN_OR_RETURN(const std::vector<NamedFormat> formats, Formats());
  FastMatrixEngine engine;
  for (const NamedFormat& named : formats) {
    ASSIGN_OR_RETURN(const IntegerNetwork integers, BuildIntegerNetwork(network, tensors, activations, named.format));
    const double begin = SteadySeconds();
    ASSIGN_OR_RETURN(const IntegerAccuracy accuracy, EvaluateIntegerNetwork(integers, *validation, {&engine}));
    std::printf("%-78s top-1 %6.2f %%  %+.2f  (%.1f s)\n", named.name.c_str(), 100 * accuracy.top1(),
                100 * (accuracy.top1() - top1), SteadySeconds() - begin);
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
