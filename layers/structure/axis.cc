#include "layers/structure/axis.h"

#include "absl/strings/str_cat.h"

namespace espalier {

void ExpectInnerAxis(int axis, LayerContext& context) {
  if (context.input_count() == 0) return context.ExpectInputs(1);
  const Shape& shape = context.input_shape();
  if (axis >= 1 && axis < shape.rank()) return;
  context.Complain("axis", absl::StrCat("expected a dimension of ", shape.ToString(), " after the batch (1 to ",
                                        shape.rank() - 1, "), found ", axis));
}

}  // namespace espalier
