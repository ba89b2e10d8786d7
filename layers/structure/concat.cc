#include "layers/structure/concat.h"

#include "core/ops/structure.h"
#include "layers/structure/axis.h"

namespace espalier {

absl::StatusOr<ValueId> MakeConcat(const Concat& concat, LayerContext& context) {
  ExpectInnerAxis(concat.axis(), context);
  RETURN_IF_ERROR(context.Check());
  return context.Emit1(std::make_shared<ConcatOp>(concat.axis()), context.inputs());
}

}  // namespace espalier
