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

// One all-reduce by the direct algorithm over ranks of one host, each with a core of its own.
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
  // Of the model's time to the measured one: |model / measured - 1|.
  double mean_error = 0, greatest_error = 0;
};

// Least squares of the relative errors over overhead_s and 1 / bytes_per_s, neither below zero. The measured times fix
// 1 / bytes_per_s and the cost of summing only together, so that `memory_bytes_per_s` must be known; nor can they tell
// a latency from an overhead: all is overhead, which hides behind nothing. Needs two sizes.
absl::StatusOr<SharedMemoryFit> FitSharedMemory(const std::vector<AllReducePoint>& points, double memory_bytes_per_s);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_SCALING_FIT_H_
