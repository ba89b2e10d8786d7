// What one rank computes in a training step of a network, for the scaling model: estimated from the operators' costs.
#ifndef ESPALIER_TOOLS_SCALING_WORK_H_
#define ESPALIER_TOOLS_SCALING_WORK_H_

#include <cstdint>
#include <memory>
#include <string>

#include "parallel/scaling_model.h"
#include "tools/network_file.h"

namespace espalier {

// What a rank reaches: an operator takes the longer of flops / flops_per_s and bytes / bytes_per_s (the roofline).
struct RankSpeed {
  double flops_per_s = 0;
  double bytes_per_s = 0;
};

struct NetworkWork {
  StepWork step;
  int64_t parameters = 0;
  int64_t macs_per_sample = 0;  // of a forward pass
};

// A step on `batch` samples. The forward and the backward pass take what their operators do, before fusion; a gradient
// is ready after the operator that computes it; the update reads weight, gradient and a slot and writes weight and
// slot.
absl::StatusOr<NetworkWork> EstimateWork(const NetworkFile& file, int64_t batch, const RankSpeed& speed);

// The same work with a forward and a backward pass `factor` times as long.
StepWork ScalePasses(StepWork work, double factor);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_SCALING_WORK_H_
