#include "core/ops/matmul.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/ops/channel_layout.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/reference_access.h"
#include "core/ops/shape_rules.h"

namespace espalier {
std::string MatMulOp::Attributes() const {
  std::vector<absl::string_view> words;
  if (transpose_a_) words.push_back("transpose_a");
  if (transpose_b_) words.push_back("transpose_b");
  if (relu_) words.push_back("relu");
  if (f32_output_) words.push_back("f32_output");
  return absl::StrJoin(words, " ");
}

absl::StatusOr<std::vector<TensorType>> MatMulOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputsBetween(*this, inputs, 2, 3));
  const TensorType &a = inputs[0], &b = inputs[1];
  RETURN_IF_ERROR(ExpectSameFloat(*this, a, b));
  RETURN_IF_ERROR(ExpectRank(*this, a, 2));
  RETURN_IF_ERROR(ExpectRank(*this, b, 2));
  const int64_t a_columns = a.shape[transpose_a_ ? 0 : 1], b_rows = b.shape[transpose_b_ ? 1 : 0];
  if (a_columns != b_rows) {
    return absl::InvalidArgumentError(
        absl::StrCat("matmul: ", a.ToString(), transpose_a_ ? " transposed" : "", " has ", a_columns, " columns, but ",
                     b.ToString(), transpose_b_ ? " transposed" : "", " has ", b_rows, " rows; these must be equal"));
  }
  const int64_t rows = a.shape[transpose_a_ ? 1 : 0], columns = b.shape[transpose_b_ ? 0 : 1];
  if (inputs.size() == 3) RETURN_IF_ERROR(ExpectPerChannel(*this, "bias", inputs[2], columns, b));
  return std::vector<TensorType>{{f32_output_ ? DType::kF32 : a.dtype, {rows, columns}}};
}

Cost MatMulOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  const int64_t macs = outputs[0].shape.elements() * inputs[0].shape[transpose_a_ ? 0 : 1];
  const int64_t passes = (inputs.size() == 3) + relu_;
  return {macs, 2 * macs + passes * outputs[0].shape.elements(), TrafficBytes(inputs, outputs)};
}

void MatMulOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                         const StepContext& /*step*/) const {
  const std::vector<float> a = LoadFloats(inputs[0]), b = LoadFloats(inputs[1]);
  const FloatElements y(outputs[0]);
  const int64_t rows = outputs[0].shape()[0], columns = outputs[0].shape()[1];
  const int64_t depth = inputs[0].shape()[transpose_a_ ? 0 : 1];
#pragma omp parallel for if (rows * columns * depth >= kParallelSteps)
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      float sum = 0;
      for (int64_t k = 0; k < depth; ++k) {
        sum += a[transpose_a_ ? k * rows + i : i * depth + k] * b[transpose_b_ ? j * depth + k : k * columns + j];
      }
      if (inputs.size() == 3) sum += inputs[2].data<float>()[j];
      y.Set(i * columns + j, relu_ && sum < 0 ? 0 : sum);
    }
  }
}

// With A = op(a), B = op(b) and Y = A B:  dA = dY B^T,  dB = A^T dY;  a transposed factor takes the transposed product.
void MatMulOp::Gradient(GradientContext* context) const {
  const ValueId a = context->input(0), b = context->input(1);
  ValueId dy = OutputGradientBeforeRelu(context, relu_);
  if (context->input_count() == 3 && context->Wants(2)) {
    context->SetInputGradient(2, context->Emit1(std::make_shared<BiasGradientOp>(), {dy}));
  }
  dy = InType(context, dy, context->type(a).dtype);
  const auto product = [&](bool transpose_first, bool transpose_second, bool f32_output, ValueId first,
                           ValueId second) {
    const bool relu = false;
    return context->Emit1(std::make_shared<MatMulOp>(transpose_first, transpose_second, relu, f32_output),
                          {first, second});
  };
  if (context->Wants(0)) {
    context->SetInputGradient(
        0, transpose_a_ ? product(transpose_b_, true, false, b, dy) : product(false, !transpose_b_, false, dy, b));
  }
  if (context->Wants(1)) {
    context->SetInputGradient(
        1, transpose_b_ ? product(true, transpose_a_, true, dy, a) : product(!transpose_a_, false, true, a, dy));
  }
}

absl::StatusOr<std::vector<TensorType>> BiasAddOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 2));
  RETURN_IF_ERROR(ExpectChannels(*this, inputs[0]));
  RETURN_IF_ERROR(ExpectPerChannel(*this, "bias", inputs[1], inputs[0].shape[1], inputs[0]));
  return std::vector<TensorType>{inputs[0]};
}

Cost BiasAddOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return {0, outputs[0].shape.elements(), TrafficBytes(inputs, outputs)};
}

void BiasAddOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                          const StepContext& /*step*/) const {
  const FloatElements x(inputs[0]), y(outputs[0]);
  const float* bias = inputs[1].data<float>();
  const ChannelLayout layout(inputs[0].shape());
  for (int64_t c = 0; c < layout.channels; ++c) {
    layout.ForEach(c, [&](int64_t i) { y.Set(i, x[i] + bias[c]); });
  }
}

void BiasAddOp::Gradient(GradientContext* context) const {
  const ValueId dy = context->output_gradient();
  if (context->Wants(0)) context->SetInputGradient(0, dy);
  if (context->Wants(1)) context->SetInputGradient(1, context->Emit1(std::make_shared<BiasGradientOp>(), {dy}));
}

absl::StatusOr<std::vector<TensorType>> BiasGradientOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
  RETURN_IF_ERROR(ExpectChannels(*this, inputs[0]));
  return std::vector<TensorType>{{DType::kF32, {inputs[0].shape[1]}}};
}

Cost BiasGradientOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return {0, inputs[0].shape.elements(), TrafficBytes(inputs, outputs)};
}

void BiasGradientOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                               const StepContext& /*step*/) const {
  const FloatElements dy(inputs[0]);
  float* dbias = outputs[0].data<float>();
  const ChannelLayout layout(inputs[0].shape());
  for (int64_t c = 0; c < layout.channels; ++c) {
    double sum = 0;
    layout.ForEach(c, [&](int64_t i) { sum += dy[i]; });
    dbias[c] = static_cast<float>(sum);
  }
}

}  // namespace espalier
