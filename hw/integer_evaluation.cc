#include "hw/integer_evaluation.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hw/activation_statistics.h"
#include "hw/inference_network.h"
#include "hw/integer_builder.h"

namespace espalier {
namespace {

// The first samples of a batch, which outlives the loader's next.
struct Job {
  Tensor images, labels;
  int64_t count = 0, right = 0;
};

void RunJob(const IntegerNetwork& network, MatrixEngine* engine, Job* job) {
  const IntegerLogits logits = network.Run(job->images.data<float>(), job->count, engine);
  const int32_t* labels = job->labels.data<int32_t>();
  for (int64_t i = 0; i < job->count; ++i) job->right += logits.top1[i] == labels[i] ? 1 : 0;
}

}  // namespace

absl::StatusOr<IntegerNetwork> BuildIntegerNetwork(const Package& package, const IntegerFormat& format,
                                                   Loader* calibration, int64_t samples) {
  int64_t batch = 1;
  if (calibration != nullptr) {
    calibration->Seek(0, 0);
    ASSIGN_OR_RETURN(const Batch* first, calibration->Next());
    batch = first->images.shape()[0];
  }
  ASSIGN_OR_RETURN(const InferenceNetwork network, BuildInferenceNetwork(package.info.model(), batch));
  std::vector<MagnitudeHistogram> activations;
  if (calibration != nullptr) {
    ASSIGN_OR_RETURN(activations, GatherActivations(network, package.tensors, *calibration, samples));
  } else {
    ASSIGN_OR_RETURN(activations, ReadActivations(network, package.info));
  }
  return BuildIntegerNetwork(network, package.tensors, activations, format);
}

absl::StatusOr<IntegerNetwork> BuildIntegerNetworkFor(const Package& package, const IntegerFormat& format,
                                                      Loader* data) {
  absl::StatusOr<IntegerNetwork> network =
      BuildIntegerNetwork(package, format, package.info.activation().empty() ? data : nullptr);
  data->Seek(0, 0);
  return network;
}

absl::StatusOr<IntegerAccuracy> EvaluateIntegerNetwork(const IntegerNetwork& network, Loader& data,
                                                       absl::Span<MatrixEngine* const> engines, int64_t samples) {
  CHECK(!engines.empty());
  const Shape& input = network.activations()[0].shape;
  if (data.sample_type().image_shape != input) {
    return absl::InvalidArgumentError(absl::StrCat("data: expected pictures ", input.ToString(), ", found ",
                                                   data.sample_type().image_shape.ToString()));
  }
  IntegerAccuracy accuracy;
  if (data.batches_per_epoch() > 0) data.Seek(0, 0);
  const int64_t wanted = samples == 0 ? data.size() : std::min(samples, data.size());
  const bool side_by_side = engines.size() > 1;
  while (accuracy.samples < wanted) {
    std::vector<Job> jobs;
    while (jobs.size() < engines.size() && accuracy.samples < wanted) {
      ASSIGN_OR_RETURN(const Batch* batch, data.Next());
      const int64_t count = std::min(batch->count, wanted - accuracy.samples);
      jobs.push_back({side_by_side ? batch->images.Copy() : batch->images,
                      side_by_side ? batch->labels.Copy() : batch->labels, count, 0});
      accuracy.samples += count;
    }
#pragma omp parallel for schedule(static, 1) if (jobs.size() > 1)
    for (size_t i = 0; i < jobs.size(); ++i) RunJob(network, engines[i], &jobs[i]);
    for (const Job& job : jobs) accuracy.top1_right += job.right;
  }
  return accuracy;
}

}  // namespace espalier
