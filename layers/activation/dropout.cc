#include "layers/activation/dropout.h"

#include "absl/strings/str_cat.h"
#include "core/ops/dropout.h"

namespace espalier {

absl::StatusOr<ValueId> MakeDropout(const Dropout& dropout, LayerContext& context) {
  context.ExpectInputs(1);
  RETURN_IF_ERROR(context.Check());
  if (!context.training() || dropout.rate() == 0) return context.input();
  return context.Emit1(std::make_shared<DropoutOp>(dropout.rate(), absl::StrCat("dropout/", context.name())),
                       {context.input(), context.SampleIds()});
}

}  // namespace espalier
