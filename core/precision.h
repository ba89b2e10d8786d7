// The precision pass: 16-bit storage around the operators that allow it, f32 for master weights, normalisation
// statistics, losses and the optimizer (Micikevicius et al. 2018).
#ifndef ESPALIER_CORE_PRECISION_H_
#define ESPALIER_CORE_PRECISION_H_

#include "core/graph.h"

namespace espalier {

enum class ComputePrecision { kF32, kBF16, kF16 };

struct PrecisionOptions {
  ComputePrecision compute = ComputePrecision::kF32;
  // Whether convolutions and matrix products take 16-bit operands themselves. Otherwise their operands are rounded to
  // the 16-bit grid and multiplied as f32: the same values, for processors without such instructions (and always for
  // F16).
  bool native = false;
};

// On a forward graph, before fusion and AppendGradients.
absl::StatusOr<Graph> ApplyPrecision(const Graph& graph, const PrecisionOptions& options);

}  // namespace espalier

#endif  // ESPALIER_CORE_PRECISION_H_
