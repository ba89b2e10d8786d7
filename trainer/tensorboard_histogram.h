// Histograms as TensorFlow's summary writer makes them: buckets that grow by a tenth from 1e-12 to 1e20, mirrored for
// negative values, so that weights of every size are shown.
#ifndef ESPALIER_TRAINER_TENSORBOARD_HISTOGRAM_H_
#define ESPALIER_TRAINER_TENSORBOARD_HISTOGRAM_H_

#include <vector>

#include "absl/types/span.h"
#include "proto/tensorboard_event.pb.h"

namespace espalier {

// The upper limits of all buckets, ascending: -DBL_MAX, ..., -1e-12, 0, 1e-12, ..., DBL_MAX.
const std::vector<double>& HistogramLimits();

// Counts the finite ones of `values`; one bucket stands for each run of empty ones.
tensorboard::HistogramProto MakeHistogram(absl::Span<const float> values);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_TENSORBOARD_HISTOGRAM_H_
