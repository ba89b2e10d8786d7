// What several gradient rules share.
#ifndef ESPALIER_CORE_OPS_GRADIENT_RULES_H_
#define ESPALIER_CORE_OPS_GRADIENT_RULES_H_

#include "core/gradient.h"

namespace espalier {

// `id` itself, or cast to `dtype`.
ValueId InType(GradientContext* context, ValueId id, DType dtype);

// The gradient of output 0 in that output's type; with `relu`, taken back through the ReLU fused into the operator.
ValueId OutputGradientBeforeRelu(GradientContext* context, bool relu);

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_GRADIENT_RULES_H_
