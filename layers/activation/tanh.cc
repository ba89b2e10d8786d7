#include "layers/activation/tanh.h"

#include "core/ops/elementwise.h"

namespace espalier {

absl::StatusOr<ValueId> MakeTanh(const Tanh& /*tanh*/, LayerContext& context) {
  context.ExpectInputs(1);
  RETURN_IF_ERROR(context.Check());
  return context.Emit1(std::make_shared<ActivationOp>(Activation::kTanh), {context.input()});
}

}  // namespace espalier
