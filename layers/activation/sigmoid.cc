#include "layers/activation/sigmoid.h"

#include "core/ops/elementwise.h"

namespace espalier {

absl::StatusOr<ValueId> MakeSigmoid(const Sigmoid& /*sigmoid*/, LayerContext& context) {
  context.ExpectInputs(1);
  RETURN_IF_ERROR(context.Check());
  return context.Emit1(std::make_shared<ActivationOp>(Activation::kSigmoid), {context.input()});
}

}  // namespace espalier
