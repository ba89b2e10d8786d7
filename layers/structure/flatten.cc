#include "layers/structure/flatten.h"

#include "core/ops/structure.h"

namespace espalier {

absl::StatusOr<ValueId> MakeFlatten(const Flatten& /*flatten*/, LayerContext& context) {
  context.ExpectInputs(1);
  RETURN_IF_ERROR(context.Check());
  const Shape& shape = context.input_shape();
  const Shape flat = {shape[0], shape.Product(1, shape.rank())};
  return context.Emit1(std::make_shared<ReshapeOp>(flat), {context.input()});
}

}  // namespace espalier
