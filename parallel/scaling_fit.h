// Fits the scaling model's parameters of shared memory to measured all-reduces, by least squares.
#ifndef ESPALIER_PARALLEL_SCALING_FIT_H_
#define ESPALIER_PARALLEL_SCALING_FIT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/status.h"
#include "parallel/scaling_model.h"

namespace espalier {

// One all-reduce by the direct algorithm over ranks of one host, each with a core of its own; with a single rank a
// plain copy of so many bytes, while the other cores copy too.
struct AllReducePoint {
  int ranks = 2;
  double bytes = 0;  // f32, as they travel
  double seconds = 0;
};

// Lines "ranks,bytes,seconds" below that header; blank lines and lines that begin with # are skipped. `name` is for
// errors.
absl::StatusOr<std::vector<AllReducePoint>> ParseAllReducePoints(absl::string_view csv, absl::string_view name);

struct SharedMemoryFit {
  Transport transport;
  double memory_bytes_per_s = 0;
  int all_reduces = 0;  // among the points
  // Of the model's time of these to the measured one: |model / measured - 1|.
  double mean_error = 0, greatest_error = 0;
};

// Memory's rate is twice that of the largest copy. overhead_s and 1 / bytes_per_s, neither below zero, are the least
// squares of the relative errors. The measured times do not tell copying from summing, hence the copies; nor a latency
// from an overhead: all is overhead, which hides behind nothing. Needs a copy and all-reduces of two sizes.
absl::StatusOr<SharedMemoryFit> FitSharedMemory(const std::vector<AllReducePoint>& points);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_SCALING_FIT_H_
