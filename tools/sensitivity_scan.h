// How much each layer of a trained network can be pruned: each alone, by magnitude, to a list of sparsities, without
// training in between (Han et al. 2015, Figure 6).
#ifndef ESPALIER_TOOLS_SENSITIVITY_SCAN_H_
#define ESPALIER_TOOLS_SENSITIVITY_SCAN_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "core/executor.h"
#include "core/files/safetensors.h"
#include "core/status.h"
#include "data/loader.h"
#include "proto/job.pb.h"
#include "proto/source_map.h"

namespace espalier {

struct Accuracy {
  double top1 = 0;  // fraction
  double loss = 0;  // mean over samples
};

// A trained network that evaluates the same samples again and again.
class SensitivityNetwork {
 public:
  // The model and loss of the job, in f32, with these parameters and states, by name. InvalidArgument that lists what
  // is missing, unexpected or of another shape. `sources` as in BuildOptions.
  static absl::StatusOr<std::unique_ptr<SensitivityNetwork>> Create(const Job& job, const SourceMap* sources,
                                                                    int64_t batch_size,
                                                                    absl::Span<const NamedTensor> tensors);

  ParameterStore& parameters() { return *store_; }
  // Over one epoch of the loader, whose batches are of batch_size. InvalidArgument if the network takes other samples.
  absl::StatusOr<Accuracy> Evaluate(Loader& loader);

 private:
  SensitivityNetwork() = default;

  std::shared_ptr<ParameterStore> store_;
  std::unique_ptr<Executor> executor_;
  std::string input_name_;
};

struct LayerSensitivity {
  std::string layer;
  int64_t weights = 0;
  std::vector<Accuracy> pruned;  // by sparsity
};

struct Sensitivity {
  Accuracy dense;  // as the weights came
  int64_t samples = 0;
  std::vector<double> sparsities;  // fractions, ascending
  std::vector<LayerSensitivity> layers;
};

// Prunes layer after layer to each of `sparsities`, ascending in [0, 1); each tensor of a layer to the same share, as
// Prune does. The weights are as before at the end, after errors too. `on_layer` hears how many layers are done.
absl::StatusOr<Sensitivity> ScanSensitivity(SensitivityNetwork& network, Loader& loader,
                                            const std::vector<double>& sparsities,
                                            const std::function<void(size_t done, size_t all)>& on_layer);

// By layer, the greatest of the sparsities such that at it, and at all below it, top-1 is less than `tolerance` (a
// fraction) below that of the dense network; 0 if there is none.
std::vector<double> SuggestedSparsities(const Sensitivity& sensitivity, double tolerance);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_SENSITIVITY_SCAN_H_
