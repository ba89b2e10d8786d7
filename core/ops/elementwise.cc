#include "core/ops/elementwise.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/reference_access.h"

namespace espalier {
namespace {

using Types = absl::StatusOr<std::vector<TensorType>>;

// The shape rule of (a, b) -> y, all of one float type.
Types InferBinary(const Operator& op, absl::Span<const TensorType> inputs) {
  RETURN_IF_ERROR(ExpectInputs(op, inputs, 2));
  RETURN_IF_ERROR(ExpectFloat(op, inputs[0]));
  RETURN_IF_ERROR(ExpectSameType(op, inputs[0], inputs[1]));
  return std::vector<TensorType>{inputs[0]};
}

Cost CostPerElement(int64_t flops, absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) {
  return {0, flops * outputs[0].shape.elements(), TrafficBytes(inputs, outputs)};
}

// Calls fn(a, b) for each pair of elements.
template <typename Function>
void ForEachPair(absl::Span<const Tensor> inputs, const Tensor& output, Function fn) {
  const FloatElements a(inputs[0]), b(inputs[1]), y(output);
  for (int64_t i = 0; i < y.size(); ++i) y.Set(i, fn(a[i], b[i]));
}

// NaN stays NaN.
float Relu(float x) { return x < 0 ? 0 : x; }

float Apply(Activation function, float slope, float x) {
  switch (function) {
    case Activation::kRelu:
      return Relu(x);
    case Activation::kLeakyRelu:
      return x < 0 ? slope * x : x;
    case Activation::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::kTanh:
      return std::tanh(x);
  }
  return 0;
}

// dy f'(x) at the point where f(x) = y. A blocked gradient is 0 even where dy is infinite.
float ApplyBackward(Activation function, float slope, float y, float dy) {
  switch (function) {
    case Activation::kRelu:
      return y > 0 ? dy : 0;
    case Activation::kLeakyRelu:
      return y > 0 ? dy : slope * dy;
    case Activation::kSigmoid:
      return dy * (y * (1 - y));
    case Activation::kTanh:
      return dy * (1 - y * y);
  }
  return 0;
}

std::string SlopeText(Activation function, float slope) {
  return function == Activation::kLeakyRelu ? absl::StrCat("slope ", slope) : "";
}

// Operations per element, an exponential or hyperbolic tangent counting as one.
int64_t ForwardFlops(Activation function) {
  switch (function) {
    case Activation::kSigmoid:
      return 4;
    case Activation::kLeakyRelu:
      return 2;
    case Activation::kRelu:
    case Activation::kTanh:
      break;
  }
  return 1;
}

int64_t BackwardFlops(Activation function) {
  return function == Activation::kRelu ? 1 : function == Activation::kLeakyRelu ? 2 : 3;
}

}  // namespace

Types AddOp::InferTypes(absl::Span<const TensorType> inputs) const { return InferBinary(*this, inputs); }

Cost AddOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return CostPerElement(relu_ ? 2 : 1, inputs, outputs);
}

void AddOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                      const StepContext& /*step*/) const {
  ForEachPair(inputs, outputs[0], [this](float a, float b) { return relu_ ? Relu(a + b) : a + b; });
}

void AddOp::Gradient(GradientContext* context) const {
  ValueId dy = context->output_gradient();
  if (relu_) {
    const ValueId y = InType(context, context->output(), context->type(dy).dtype);
    dy = context->Emit1(std::make_shared<ActivationBackwardOp>(Activation::kRelu), {y, dy});
  }
  for (int i = 0; i < 2; ++i) context->SetInputGradient(i, dy);
}

Types MultiplyOp::InferTypes(absl::Span<const TensorType> inputs) const { return InferBinary(*this, inputs); }

Cost MultiplyOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return CostPerElement(1, inputs, outputs);
}

void MultiplyOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                           const StepContext& /*step*/) const {
  ForEachPair(inputs, outputs[0], [](float a, float b) { return a * b; });
}

void MultiplyOp::Gradient(GradientContext* context) const {
  const ValueId dy = context->output_gradient();
  for (int i = 0; i < 2; ++i) {
    if (!context->Wants(i)) continue;
    const ValueId other = InType(context, context->input(1 - i), context->type(dy).dtype);
    context->SetInputGradient(i, context->Emit1(std::make_shared<MultiplyOp>(), {dy, other}));
  }
}

Types ScaleOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 2));
  RETURN_IF_ERROR(ExpectFloat(*this, inputs[0]));
  if (inputs[1] != TensorType{DType::kF32, {}}) {
    return absl::InvalidArgumentError(
        absl::StrCat("scale expects an f32[] factor for ", inputs[0].ToString(), ", got ", inputs[1].ToString()));
  }
  return std::vector<TensorType>{inputs[0]};
}

Cost ScaleOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return CostPerElement(1, inputs, outputs);
}

void ScaleOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                        const StepContext& /*step*/) const {
  const FloatElements x(inputs[0]), y(outputs[0]);
  const float factor = *inputs[1].data<float>();
  for (int64_t i = 0; i < y.size(); ++i) y.Set(i, factor * x[i]);
}

void ScaleOp::Gradient(GradientContext* context) const {
  if (!context->Wants(0)) return;
  context->SetInputGradient(
      0, context->Emit1(std::make_shared<ScaleOp>(), {context->output_gradient(), context->input(1)}));
}

absl::string_view ActivationOp::kind() const {
  static constexpr absl::string_view kKinds[] = {"relu", "leaky_relu", "sigmoid", "tanh"};
  return kKinds[static_cast<int>(function_)];
}

std::string ActivationOp::Attributes() const { return SlopeText(function_, slope_); }

Types ActivationOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
  RETURN_IF_ERROR(ExpectFloat(*this, inputs[0]));
  if (function_ == Activation::kLeakyRelu && !(slope_ > 0)) {
    return absl::InvalidArgumentError(absl::StrCat("leaky_relu expects a positive slope, got ", slope_));
  }
  return std::vector<TensorType>{inputs[0]};
}

Cost ActivationOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return CostPerElement(ForwardFlops(function_), inputs, outputs);
}

void ActivationOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                             const StepContext& /*step*/) const {
  const FloatElements x(inputs[0]), y(outputs[0]);
  for (int64_t i = 0; i < y.size(); ++i) y.Set(i, Apply(function_, slope_, x[i]));
}

void ActivationOp::Gradient(GradientContext* context) const {
  const ValueId dy = context->output_gradient();
  const ValueId y = InType(context, context->output(), context->type(dy).dtype);
  context->SetInputGradient(0, context->Emit1(std::make_shared<ActivationBackwardOp>(function_, slope_), {y, dy}));
}

absl::string_view ActivationBackwardOp::kind() const {
  static constexpr absl::string_view kKinds[] = {"relu_backward", "leaky_relu_backward", "sigmoid_backward",
                                                 "tanh_backward"};
  return kKinds[static_cast<int>(function_)];
}

std::string ActivationBackwardOp::Attributes() const { return SlopeText(function_, slope_); }

Types ActivationBackwardOp::InferTypes(absl::Span<const TensorType> inputs) const { return InferBinary(*this, inputs); }

Cost ActivationBackwardOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return CostPerElement(BackwardFlops(function_), inputs, outputs);
}

void ActivationBackwardOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                     const StepContext& /*step*/) const {
  ForEachPair(inputs, outputs[0], [this](float y, float dy) { return ApplyBackward(function_, slope_, y, dy); });
}

std::string CastOp::Attributes() const { return absl::StrCat("to ", Name(dtype_)); }

Types CastOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
  RETURN_IF_ERROR(ExpectFloat(*this, inputs[0]));
  if (!IsFloat(dtype_)) {
    return absl::InvalidArgumentError(
        absl::StrCat("cast of ", inputs[0].ToString(), " expects a target of f32, bf16 or f16, got ", Name(dtype_)));
  }
  return std::vector<TensorType>{{dtype_, inputs[0].shape}};
}

void CastOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                       const StepContext& /*step*/) const {
  const FloatElements x(inputs[0]), y(outputs[0]);
  for (int64_t i = 0; i < y.size(); ++i) y.Set(i, x[i]);
}

void CastOp::Gradient(GradientContext* context) const {
  const DType dtype = context->type(context->input(0)).dtype;
  context->SetInputGradient(0, InType(context, context->output_gradient(), dtype));
}

}  // namespace espalier
