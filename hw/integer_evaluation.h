// How often a network in integers is right.
#ifndef ESPALIER_HW_INTEGER_EVALUATION_H_
#define ESPALIER_HW_INTEGER_EVALUATION_H_

#include "absl/types/span.h"
#include "compression/package/package.h"
#include "core/status.h"
#include "data/loader.h"
#include "hw/integer_format.h"
#include "hw/integer_network.h"
#include "hw/matrix_engine.h"

namespace espalier {

// The package's network in integers. Units are chosen from the first `samples` samples of `calibration` (prepared as
// for training or validation, it matters little); without one, from the ranges that the package holds.
absl::StatusOr<IntegerNetwork> BuildIntegerNetwork(const Package& package, const IntegerFormat& format,
                                                   Loader* calibration, int64_t samples = 1000);

// The same with the ranges that the package holds, or, where it holds none, units from the samples of `data`, which is
// at its beginning then.
absl::StatusOr<IntegerNetwork> BuildIntegerNetworkFor(const Package& package, const IntegerFormat& format,
                                                      Loader* data);

struct IntegerAccuracy {
  int64_t samples = 0;
  int64_t top1_right = 0;
  double top1() const { return samples == 0 ? 0 : static_cast<double>(top1_right) / static_cast<double>(samples); }
};

// All samples of `data`, or its first `samples` if that is not 0. With several engines, each takes batches of its own,
// side by side on a thread each; with one, the network's own loops use all threads. The result is the same.
absl::StatusOr<IntegerAccuracy> EvaluateIntegerNetwork(const IntegerNetwork& network, Loader& data,
                                                       absl::Span<MatrixEngine* const> engines, int64_t samples = 0);

}  // namespace espalier

#endif  // ESPALIER_HW_INTEGER_EVALUATION_H_
