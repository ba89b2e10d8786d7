#include "layers/structure/transpose.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/ops/structure.h"

namespace espalier {

absl::StatusOr<ValueId> MakeTranspose(const Transpose& transpose, LayerContext& context) {
  context.ExpectInputs(1);
  RETURN_IF_ERROR(context.Check());
  const Shape& shape = context.input_shape();
  const std::vector<int> order(transpose.order().begin(), transpose.order().end());
  std::vector<int> axes(shape.rank());
  std::iota(axes.begin(), axes.end(), 0);
  if (!std::is_permutation(order.begin(), order.end(), axes.begin(), axes.end())) {
    context.Complain("order", absl::StrCat("expected the dimensions 0 to ", shape.rank() - 1, " of ", shape.ToString(),
                                           ", each once, found [", absl::StrJoin(order, ", "), "]"));
  }
  RETURN_IF_ERROR(context.Check());
  return context.Emit1(std::make_shared<TransposeOp>(order), {context.input()});
}

}  // namespace espalier
