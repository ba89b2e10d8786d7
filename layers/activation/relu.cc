#include "layers/activation/relu.h"

#include "core/ops/elementwise.h"

namespace espalier {

absl::StatusOr<ValueId> MakeRelu(const Relu& /*relu*/, LayerContext& context) {
  context.ExpectInputs(1);
  RETURN_IF_ERROR(context.Check());
  return context.Emit1(std::make_shared<ActivationOp>(Activation::kRelu), {context.input()});
}

}  // namespace espalier
