// Recomputation: a cheap copy in another type is made again in the backward pass instead of being kept through it.
#ifndef ESPALIER_CORE_RECOMPUTE_H_
#define ESPALIER_CORE_RECOMPUTE_H_

#include "core/graph.h"

namespace espalier {

// On a graph with gradients: backward nodes that read a forward cast or rounding read a new one of their own, wherever
// what it is made from is kept anyway (a parameter, an input) or is smaller (a 16-bit activation widened to f32).
absl::StatusOr<Graph> RecomputeCasts(const Graph& graph);

}  // namespace espalier

#endif  // ESPALIER_CORE_RECOMPUTE_H_
