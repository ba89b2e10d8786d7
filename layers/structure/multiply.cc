#include "layers/structure/multiply.h"

#include "core/ops/elementwise.h"

namespace espalier {

absl::StatusOr<ValueId> MakeMultiply(const Multiply& /*multiply*/, LayerContext& context) {
  context.ExpectInputs(2);
  RETURN_IF_ERROR(context.Check());
  return context.Emit1(std::make_shared<MultiplyOp>(), context.inputs());
}

}  // namespace espalier
