// Turns a trained network into integers.
//
// A weight stays what the package says. With y = gain (W x + bias) + ... of a batch norm folded into
//   y = gain (W x) + offset,   gain = scale / sqrt(variance + epsilon),   offset = gain (bias - mean) + shift
// (gain 1 and offset bias without one), and integers w, x, y in units u_w, u_x, u_y, an output is
//   y = round(factor (w x + b)),   factor = gain u_w u_x / u_y,   b = round(offset / (u_y factor)),
// so gains go into the multipliers of the requantization and all the rest into the bias (Jacob et al., "Quantization
// and training of neural networks for efficient integer-arithmetic-only inference", CVPR 2018, without zero points).
#ifndef ESPALIER_HW_INTEGER_BUILDER_H_
#define ESPALIER_HW_INTEGER_BUILDER_H_

#include "absl/types/span.h"
#include "compression/package/package.h"
#include "core/status.h"
#include "hw/inference_network.h"
#include "hw/integer_format.h"
#include "hw/integer_network.h"
#include "hw/magnitude_histogram.h"

namespace espalier {

// `activations`: one for each of network.Activations(). InvalidArgument that names the layer or tensor where a tensor
// is missing, has another shape or is not finite, or where sums leave the accumulators: 32 bits for 8-bit formats, what
// 64 bits leave beside the multiplier for 16-bit ones.
absl::StatusOr<IntegerNetwork> BuildIntegerNetwork(const InferenceNetwork& network,
                                                   absl::Span<const PackedTensor> tensors,
                                                   absl::Span<const MagnitudeHistogram> activations,
                                                   const IntegerFormat& format);

}  // namespace espalier

#endif  // ESPALIER_HW_INTEGER_BUILDER_H_
