#include "layers/structure/slice.h"

#include "absl/strings/str_cat.h"
#include "core/ops/structure.h"
#include "layers/structure/axis.h"

namespace espalier {

absl::StatusOr<ValueId> MakeSlice(const Slice& slice, LayerContext& context) {
  context.ExpectInputs(1);
  ExpectInnerAxis(slice.axis(), context);
  RETURN_IF_ERROR(context.Check());
  const int64_t available = context.input_shape()[slice.axis()];
  const int64_t end = int64_t{slice.begin()} + slice.size();
  if (end > available) {
    context.Complain("size",
                     absl::StrCat("expected a part of the ", available, " elements of dimension ", slice.axis(), " of ",
                                  context.input_shape().ToString(), ", found [", slice.begin(), ", ", end, ")"));
  }
  RETURN_IF_ERROR(context.Check());
  return context.Emit1(std::make_shared<SliceOp>(slice.axis(), slice.begin(), slice.size()), {context.input()});
}

}  // namespace espalier
