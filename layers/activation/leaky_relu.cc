#include "layers/activation/leaky_relu.h"

#include "core/ops/elementwise.h"

namespace espalier {

absl::StatusOr<ValueId> MakeLeakyRelu(const LeakyRelu& leaky_relu, LayerContext& context) {
  context.ExpectInputs(1);
  RETURN_IF_ERROR(context.Check());
  return context.Emit1(std::make_shared<ActivationOp>(Activation::kLeakyRelu, leaky_relu.slope()), {context.input()});
}

}  // namespace espalier
