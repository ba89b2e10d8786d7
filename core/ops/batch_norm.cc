#include "core/ops/batch_norm.h"

#include "absl/strings/str_cat.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/shape_rules.h"

namespace espalier {
namespace {

// `inputs[first...]` are f32 [C] each, called by `names`.
absl::Status ExpectStatistics(const Operator& op, absl::Span<const TensorType> inputs, int first,
                              std::initializer_list<absl::string_view> names, const TensorType& x) {
  for (absl::string_view name : names) {
    RETURN_IF_ERROR(ExpectPerChannel(op, name, inputs[first++], x.shape[1], x));
  }
  return absl::OkStatus();
}

std::string Describe(float epsilon, bool relu, bool residual = false, bool synchronized = false) {
  return absl::StrCat("epsilon ", epsilon, relu ? " relu" : "", residual ? " residual" : "",
                      synchronized ? " synchronized" : "");
}

}  // namespace

std::string BatchNormTrainOp::Attributes() const { return Describe(epsilon_, relu_, false, synchronized_); }

absl::StatusOr<std::vector<TensorType>> BatchNormTrainOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputsBetween(*this, inputs, 3, 4));
  const TensorType& x = inputs[0];
  RETURN_IF_ERROR(ExpectChannels(*this, x));
  RETURN_IF_ERROR(ExpectStatistics(*this, inputs, 1, {"scale", "shift"}, x));
  if (inputs.size() == 4) RETURN_IF_ERROR(ExpectSameType(*this, x, inputs[3]));
  const TensorType statistic{DType::kF32, {x.shape[1]}};
  return std::vector<TensorType>{x, statistic, statistic};
}

// Mean 1, centred squares 3, normalisation 2 operations per element.
Cost BatchNormTrainOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  const int64_t per_element = 6 + (inputs.size() == 4) + relu_;
  return {0, per_element * outputs[0].shape.elements(), TrafficBytes(inputs, outputs)};
}

void BatchNormTrainOp::Gradient(GradientContext* context) const {
  CHECK(context->output_gradient(1) == kNoValue && context->output_gradient(2) == kNoValue)
      << "the statistics of a batch have no gradient of their own";
  const ValueId dy = InType(context, context->output_gradient(), context->type(context->output()).dtype);
  const bool wants_residual = context->input_count() == 4 && context->Wants(3);
  const bool masked_residual = wants_residual && relu_;
  if (wants_residual && !relu_) context->SetInputGradient(3, dy);
  if (!context->Wants(0) && !context->Wants(1) && !context->Wants(2) && !masked_residual) return;
  std::vector<ValueId> inputs = {context->input(0)};
  if (relu_) inputs.push_back(context->output(0));
  inputs.insert(inputs.end(), {dy, context->output(1), context->output(2), context->input(1)});
  const std::vector<ValueId> gradients =
      context->Emit(std::make_shared<BatchNormBackwardOp>(epsilon_, relu_, masked_residual, synchronized_), inputs);
  for (int i = 0; i < 3; ++i) {
    if (context->Wants(i)) context->SetInputGradient(i, gradients[i]);
  }
  if (masked_residual) context->SetInputGradient(3, gradients[3]);
}

std::string BatchNormBackwardOp::Attributes() const { return Describe(epsilon_, relu_, residual_, synchronized_); }

absl::StatusOr<std::vector<TensorType>> BatchNormBackwardOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, relu_ ? 6 : 5));
  const TensorType& x = inputs[0];
  RETURN_IF_ERROR(ExpectChannels(*this, x));
  const int statistics = relu_ ? 3 : 2;
  for (int i = 1; i < statistics; ++i) RETURN_IF_ERROR(ExpectSameType(*this, x, inputs[i]));
  RETURN_IF_ERROR(ExpectStatistics(*this, inputs, statistics, {"mean", "variance", "scale"}, x));
  const TensorType per_channel{DType::kF32, {x.shape[1]}};
  std::vector<TensorType> types = {x, per_channel, per_channel};
  if (residual_) types.push_back(x);
  return types;
}

// dshift 1, dscale 3, dx 5 operations per element.
Cost BatchNormBackwardOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  const int64_t per_element = 9 + relu_;
  return {0, per_element * outputs[0].shape.elements(), TrafficBytes(inputs, outputs)};
}

std::string BatchNormInferenceOp::Attributes() const { return Describe(epsilon_, relu_); }

absl::StatusOr<std::vector<TensorType>> BatchNormInferenceOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputsBetween(*this, inputs, 5, 6));
  const TensorType& x = inputs[0];
  RETURN_IF_ERROR(ExpectChannels(*this, x));
  RETURN_IF_ERROR(ExpectStatistics(*this, inputs, 1, {"scale", "shift", "mean", "variance"}, x));
  if (inputs.size() == 6) RETURN_IF_ERROR(ExpectSameType(*this, x, inputs[5]));
  return std::vector<TensorType>{x};
}

Cost BatchNormInferenceOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  const int64_t per_element = 2 + (inputs.size() == 6) + relu_;
  return {0, per_element * outputs[0].shape.elements(), TrafficBytes(inputs, outputs)};
}

std::string MovingAverageOp::Attributes() const {
  return absl::StrCat("momentum ", momentum_, " correction ", correction_);
}

absl::StatusOr<std::vector<TensorType>> MovingAverageOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 2));
  RETURN_IF_ERROR(ExpectRank(*this, inputs[0], 1));
  RETURN_IF_ERROR(ExpectPerChannel(*this, "running average", inputs[0], inputs[0].shape[0], inputs[1]));
  RETURN_IF_ERROR(ExpectSameType(*this, inputs[0], inputs[1]));
  return std::vector<TensorType>{inputs[0]};
}

}  // namespace espalier
