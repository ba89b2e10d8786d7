#include "layers/structure/add.h"

#include "absl/strings/str_cat.h"
#include "core/ops/elementwise.h"

namespace espalier {

absl::StatusOr<ValueId> MakeAdd(const Add& /*add*/, LayerContext& context) {
  if (context.input_count() < 2) {
    context.Complain("", absl::StrCat("expected at least 2 inputs, found ", context.input_count()));
  }
  RETURN_IF_ERROR(context.Check());
  ValueId sum = context.input(0);
  for (int i = 1; i < context.input_count(); ++i) {
    ASSIGN_OR_RETURN(sum, context.Emit1(std::make_shared<AddOp>(), {sum, context.input(i)}));
  }
  return sum;
}

}  // namespace espalier
