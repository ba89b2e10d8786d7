// Runs the network in float and gathers how large its activations are: the calibration that units of integers need.
#ifndef ESPALIER_HW_ACTIVATION_STATISTICS_H_
#define ESPALIER_HW_ACTIVATION_STATISTICS_H_

#include <memory>
#include <vector>

#include "absl/types/span.h"
#include "compression/package/package.h"
#include "core/executor.h"
#include "core/status.h"
#include "data/loader.h"
#include "hw/inference_network.h"
#include "hw/magnitude_histogram.h"

namespace espalier {

// The network in float with the tensors' effective values, of the batch size it was built with; output "activation0" is
// the input, "activation1" that of the first layer, and so on for the indices in `wanted` (of network.Activations()).
// InvalidArgument that names each tensor which is missing or has another shape.
absl::StatusOr<std::unique_ptr<Executor>> MakeFloatExecutor(const InferenceNetwork& network,
                                                            absl::Span<const PackedTensor> tensors,
                                                            absl::Span<const int> wanted);

// One for each of network.Activations(), over the batches that hold the first `samples` samples that `data` delivers,
// or all of an epoch if they are fewer. The network's batch size must be that of `data`.
absl::StatusOr<std::vector<MagnitudeHistogram>> GatherActivations(const InferenceNetwork& network,
                                                                  absl::Span<const PackedTensor> tensors, Loader& data,
                                                                  int64_t samples);

// To and from what a package keeps of them: extremes, no counts. Reading: InvalidArgument unless the names are those of
// network.Activations(), in order.
void StoreActivations(const InferenceNetwork& network, absl::Span<const MagnitudeHistogram> activations,
                      PackageInfo* info);
absl::StatusOr<std::vector<MagnitudeHistogram>> ReadActivations(const InferenceNetwork& network,
                                                                const PackageInfo& info);

}  // namespace espalier

#endif  // ESPALIER_HW_ACTIVATION_STATISTICS_H_
