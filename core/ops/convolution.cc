#include "core/ops/convolution.h"

#include "absl/strings/str_cat.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/matmul.h"
#include "core/ops/shape_rules.h"

namespace espalier {
namespace {

absl::Status CheckAttributes(const Operator& op, const ConvolutionAttributes& a) {
  RETURN_IF_ERROR(ExpectAtLeast(op, "stride", a.stride_h, a.stride_w, 1));
  RETURN_IF_ERROR(ExpectAtLeast(op, "pad", a.pad_h, a.pad_w, 0));
  RETURN_IF_ERROR(ExpectAtLeast(op, "dilation", a.dilation_h, a.dilation_w, 1));
  if (a.groups >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(op.kind(), ": groups must be at least 1, got ", a.groups));
}

// The output's shape, or why x and weights do not go together.
absl::StatusOr<Shape> OutputShape(const Operator& op, const ConvolutionAttributes& a, const Shape& x,
                                  const Shape& weights) {
  RETURN_IF_ERROR(CheckAttributes(op, a));
  RETURN_IF_ERROR(ExpectRank(op, {DType::kF32, x}, 4));
  RETURN_IF_ERROR(ExpectRank(op, {DType::kF32, weights}, 4));
  const auto error = [&](const std::string& reason) {
    return absl::InvalidArgumentError(
        absl::StrCat(op.kind(), ": ", reason, " (input ", x.ToString(), ", weights ", weights.ToString(), ")"));
  };
  if (x[1] % a.groups != 0 || weights[0] % a.groups != 0) {
    return error(
        absl::StrCat(a.groups, " groups must divide ", x[1], " input channels and ", weights[0], " output channels"));
  }
  if (weights[1] != x[1] / a.groups) {
    return error(absl::StrCat("weights for ", weights[1], " input channels per group, but the input has ", x[1],
                              " channels in ", a.groups, a.groups == 1 ? " group" : " groups"));
  }
  if (weights[2] < 1 || weights[3] < 1) return error("the kernel is empty");
  const int64_t height = ConvolutionOutputSize(x[2], weights[2], a.stride_h, a.pad_h, a.dilation_h);
  const int64_t width = ConvolutionOutputSize(x[3], weights[3], a.stride_w, a.pad_w, a.dilation_w);
  if (height < 1 || width < 1) {
    return error(absl::StrCat("the kernel ", HeightByWidth(weights[2], weights[3]), " with dilation ",
                              HeightByWidth(a.dilation_h, a.dilation_w), " does not fit the input ",
                              HeightByWidth(x[2], x[3]), " with pad ", HeightByWidth(a.pad_h, a.pad_w)));
  }
  return Shape{x[0], weights[0], height, width};
}

absl::Status ExpectOutputGradient(const Operator& op, const Shape& output, const TensorType& dy) {
  if (output == dy.shape) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(op.kind(), " expects an output gradient ", output.ToString(), ", got ", dy.ToString()));
}

// One multiply-accumulate per output element and tap; taps on padding count too, as the field counts them.
int64_t Macs(const Shape& output, const Shape& weights) { return output.elements() * weights.Product(1, 4); }

}  // namespace

bool operator==(const ConvolutionAttributes& a, const ConvolutionAttributes& b) {
  return a.stride_h == b.stride_h && a.stride_w == b.stride_w && a.pad_h == b.pad_h && a.pad_w == b.pad_w &&
         a.dilation_h == b.dilation_h && a.dilation_w == b.dilation_w && a.groups == b.groups;
}

std::string ConvolutionAttributes::ToString() const {
  std::string text = absl::StrCat("stride ", HeightByWidth(stride_h, stride_w));
  if (pad_h != 0 || pad_w != 0) absl::StrAppend(&text, " pad ", HeightByWidth(pad_h, pad_w));
  if (dilation_h != 1 || dilation_w != 1) absl::StrAppend(&text, " dilation ", HeightByWidth(dilation_h, dilation_w));
  if (groups != 1) absl::StrAppend(&text, " groups ", groups);
  return text;
}

int64_t ConvolutionOutputSize(int64_t input, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation) {
  const int64_t room = input + 2 * pad - ((kernel - 1) * dilation + 1);
  return room < 0 ? 0 : room / stride + 1;
}

std::string ConvolutionOp::Attributes() const { return absl::StrCat(attributes_.ToString(), relu_ ? " relu" : ""); }

absl::StatusOr<std::vector<TensorType>> ConvolutionOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputsBetween(*this, inputs, 2, 3));
  RETURN_IF_ERROR(ExpectSameFloat(*this, inputs[0], inputs[1]));
  ASSIGN_OR_RETURN(const Shape output, OutputShape(*this, attributes_, inputs[0].shape, inputs[1].shape));
  if (inputs.size() == 3) RETURN_IF_ERROR(ExpectPerChannel(*this, "bias", inputs[2], output[1], inputs[1]));
  return std::vector<TensorType>{{inputs[0].dtype, output}};
}

Cost ConvolutionOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  const int64_t macs = Macs(outputs[0].shape, inputs[1].shape);
  const int64_t passes = (inputs.size() == 3) + relu_;
  return {macs, 2 * macs + passes * outputs[0].shape.elements(), TrafficBytes(inputs, outputs)};
}

void ConvolutionOp::Gradient(GradientContext* context) const {
  const ValueId dy = OutputGradientBeforeRelu(context, relu_);
  const TensorType x = context->type(context->input(0)), weights = context->type(context->input(1));
  const bool wants_bias = context->input_count() == 3 && context->Wants(2);
  if (context->Wants(0)) {
    context->SetInputGradient(
        0, context->Emit1(std::make_shared<ConvolutionBackwardDataOp>(attributes_, x.shape), {dy, context->input(1)}));
  }
  if (context->Wants(1)) {
    const std::vector<ValueId> gradients =
        context->Emit(std::make_shared<ConvolutionBackwardWeightsOp>(attributes_, weights.shape, wants_bias),
                      {context->input(0), dy});
    context->SetInputGradient(1, gradients[0]);
    if (wants_bias) context->SetInputGradient(2, gradients[1]);
  } else if (wants_bias) {
    context->SetInputGradient(2, context->Emit1(std::make_shared<BiasGradientOp>(), {dy}));
  }
}

absl::StatusOr<std::vector<TensorType>> ConvolutionBackwardDataOp::InferTypes(
    absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 2));
  RETURN_IF_ERROR(ExpectSameFloat(*this, inputs[0], inputs[1]));
  ASSIGN_OR_RETURN(const Shape output, OutputShape(*this, attributes_, input_shape_, inputs[1].shape));
  RETURN_IF_ERROR(ExpectOutputGradient(*this, output, inputs[0]));
  return std::vector<TensorType>{{inputs[0].dtype, input_shape_}};
}

Cost ConvolutionBackwardDataOp::CostOf(absl::Span<const TensorType> inputs,
                                       absl::Span<const TensorType> outputs) const {
  const int64_t macs = Macs(inputs[0].shape, inputs[1].shape);
  return {macs, 2 * macs, TrafficBytes(inputs, outputs)};
}

absl::StatusOr<std::vector<TensorType>> ConvolutionBackwardWeightsOp::InferTypes(
    absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 2));
  RETURN_IF_ERROR(ExpectSameFloat(*this, inputs[0], inputs[1]));
  ASSIGN_OR_RETURN(const Shape output, OutputShape(*this, attributes_, inputs[0].shape, weights_shape_));
  RETURN_IF_ERROR(ExpectOutputGradient(*this, output, inputs[1]));
  std::vector<TensorType> types = {{DType::kF32, weights_shape_}};
  if (bias_) types.push_back({DType::kF32, {weights_shape_[0]}});
  return types;
}

Cost ConvolutionBackwardWeightsOp::CostOf(absl::Span<const TensorType> inputs,
                                          absl::Span<const TensorType> outputs) const {
  const int64_t macs = Macs(inputs[1].shape, weights_shape_);
  return {macs, 2 * macs + (bias_ ? inputs[1].shape.elements() : 0), TrafficBytes(inputs, outputs)};
}

}  // namespace espalier
