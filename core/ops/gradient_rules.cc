#include "core/ops/gradient_rules.h"

#include "core/ops/elementwise.h"

namespace espalier {

ValueId InType(GradientContext* context, ValueId id, DType dtype) {
  return context->type(id).dtype == dtype ? id : context->Emit1(std::make_shared<CastOp>(dtype), {id});
}

ValueId OutputGradientBeforeRelu(GradientContext* context, bool relu) {
  const ValueId y = context->output(), dy = InType(context, context->output_gradient(), context->type(y).dtype);
  return relu ? context->Emit1(std::make_shared<ActivationBackwardOp>(Activation::kRelu), {y, dy}) : dy;
}

}  // namespace espalier
