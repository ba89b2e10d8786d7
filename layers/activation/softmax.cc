#include "layers/activation/softmax.h"

#include "core/ops/loss.h"

namespace espalier {

absl::StatusOr<ValueId> MakeSoftmax(const Softmax& /*softmax*/, LayerContext& context) {
  context.ExpectInputs(1);
  RETURN_IF_ERROR(context.Check());
  return context.Emit1(std::make_shared<SoftmaxOp>(), {context.input()});
}

}  // namespace espalier
