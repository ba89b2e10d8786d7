#include "layers/norm/batch_norm.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "core/ops/batch_norm.h"

namespace espalier {

absl::StatusOr<ValueId> MakeBatchNorm(const BatchNorm& batch_norm, LayerContext& context) {
  context.ExpectInputs(1);
  if (context.input_count() == 1 && context.input_shape().rank() < 2) {
    context.Complain("", absl::StrCat("expected an input with channels, found ", context.input_shape().ToString()));
  }
  RETURN_IF_ERROR(context.Check());

  const Shape shape = context.input_shape();
  const Shape channels = {shape[1]};
  const auto constant = [](float value) { return InitialValue{InitialValue::Kind::kConstant, value}; };
  ASSIGN_OR_RETURN(const ValueId scale,
                   context.AddParameter("scale", channels, ParameterRole::kNorm, constant(batch_norm.scale_init())));
  ASSIGN_OR_RETURN(const ValueId shift, context.AddParameter("shift", channels, ParameterRole::kNorm, constant(0)));
  ASSIGN_OR_RETURN(const ValueId mean, context.AddState("mean", channels, 0));
  ASSIGN_OR_RETURN(const ValueId variance, context.AddState("variance", channels, 1));

  const float epsilon = batch_norm.epsilon();
  if (!context.training()) {
    return context.Emit1(std::make_shared<BatchNormInferenceOp>(epsilon, /*relu=*/false),
                         {context.input(), scale, shift, mean, variance});
  }
  ASSIGN_OR_RETURN(
      const std::vector<ValueId> outputs,
      context.Emit(std::make_shared<BatchNormTrainOp>(epsilon, /*relu=*/false), {context.input(), scale, shift}));
  // The batch's variance is biased; the kept one is not. A single value per channel has no unbiased variance.
  const float count = static_cast<float>(shape.elements() / shape[1]);
  const float correction = count > 1 ? count / (count - 1) : 1;
  const float momentum = batch_norm.momentum();
  ASSIGN_OR_RETURN(const ValueId new_mean,
                   context.Emit1(std::make_shared<MovingAverageOp>(momentum, 1.0f), {mean, outputs[1]}));
  ASSIGN_OR_RETURN(const ValueId new_variance,
                   context.Emit1(std::make_shared<MovingAverageOp>(momentum, correction), {variance, outputs[2]}));
  context.SetStateUpdate(mean, new_mean);
  context.SetStateUpdate(variance, new_variance);
  return outputs[0];
}

}  // namespace espalier
