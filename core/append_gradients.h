// Reverse-mode differentiation as a pass over the graph: the project's autograd. Each operator's gradient rule emits
// the operators of its own backward pass.
#ifndef ESPALIER_CORE_APPEND_GRADIENTS_H_
#define ESPALIER_CORE_APPEND_GRADIENTS_H_

#include <vector>

#include "core/graph.h"

namespace espalier {

// Appends the backward pass of scalar `loss`, whose own gradient is the scalar `seed` (1 / batch, times the loss
// scale). Returns the gradient of each of `targets` (kNoValue where the loss does not depend on it).
absl::StatusOr<std::vector<ValueId>> AppendGradients(Graph* graph, ValueId loss, ValueId seed,
                                                     const std::vector<ValueId>& targets);

// The same for all parameters; the result becomes graph->gradients().
absl::Status AppendParameterGradients(Graph* graph, ValueId loss, ValueId seed);

}  // namespace espalier

#endif  // ESPALIER_CORE_APPEND_GRADIENTS_H_
