#include "layers/norm/lrn.h"

#include "core/ops/lrn.h"

namespace espalier {

absl::StatusOr<ValueId> MakeLrn(const Lrn& lrn, LayerContext& context) {
  context.ExpectInputs(1);
  context.ExpectRank(4);
  RETURN_IF_ERROR(context.Check());
  const LrnAttributes attributes = {lrn.size(), lrn.alpha(), lrn.beta(), lrn.k()};
  return context.Emit1(std::make_shared<LrnOp>(attributes), {context.input()});
}

}  // namespace espalier
