#include "core/ops/loss.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/ops/elementwise.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/reference_access.h"

namespace espalier {
namespace {

using Types = absl::StatusOr<std::vector<TensorType>>;

constexpr TensorType kScalar{DType::kF32, {}};

// One row of scores [N, C] and its label s32 [N].
absl::Status ExpectScoresAndLabels(const Operator& op, const TensorType& scores, const TensorType& labels) {
  RETURN_IF_ERROR(ExpectRank(op, scores, 2));
  RETURN_IF_ERROR(ExpectFloat(op, scores));
  if (scores.shape[1] >= 1 && labels == TensorType{DType::kS32, {scores.shape[0]}}) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(op.kind(), " expects scores [N, C], C >= 1, and labels s32[N], got ",
                                                 scores.ToString(), " and ", labels.ToString()));
}

absl::Status ExpectScalar(const Operator& op, const TensorType& type) {
  if (type == kScalar) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(op.kind(), " expects the loss's gradient as f32[], got ", type.ToString()));
}

absl::Status ExpectSmoothing(const Operator& op, float smoothing) {
  if (smoothing >= 0 && smoothing < 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(op.kind(), " expects a smoothing in [0, 1), got ", smoothing));
}

// The label of a row, -1 for padding.
int64_t LabelAt(const Tensor& labels, int64_t row, int64_t classes) {
  const int32_t label = labels.data<int32_t>()[row];
  CHECK(label >= -1 && label < classes) << "label " << label << " in row " << row << " of " << classes << " classes";
  return label;
}

Cost CostPerElement(int64_t flops, int64_t elements, absl::Span<const TensorType> inputs,
                    absl::Span<const TensorType> outputs) {
  return {0, flops * elements, TrafficBytes(inputs, outputs)};
}

// The elements base, base + stride, ... of one softmax.
struct Line {
  int64_t base, stride, count;
};

// Calls fn(Line) for each line along dimension 1.
template <typename Function>
void ForEachLine(const Shape& shape, Function fn) {
  const int64_t inner = shape.Product(2, shape.rank());
  for (int64_t n = 0; n < shape[0]; ++n) {
    for (int64_t i = 0; i < inner; ++i) fn(Line{n * shape[1] * inner + i, inner, shape[1]});
  }
}

// log(sum exp(x)) over a line, free of overflow. In double: rounded to f32, a large one would spoil the probabilities.
double LogSumExp(const FloatElements& x, Line line) {
  double max = x[line.base];
  for (int64_t c = 1; c < line.count; ++c) max = std::max<double>(max, x[line.base + c * line.stride]);
  double sum = 0;
  for (int64_t c = 0; c < line.count; ++c) sum += std::exp(x[line.base + c * line.stride] - max);
  return max + std::log(sum);
}

void Softmax(const FloatElements& x, const FloatElements& y, Line line) {
  const double log_sum = LogSumExp(x, line);
  for (int64_t c = 0; c < line.count; ++c) {
    const int64_t i = line.base + c * line.stride;
    y.Set(i, static_cast<float>(std::exp(x[i] - log_sum)));
  }
}
std::string SmoothingText(float smoothing) { return smoothing == 0 ? "" : absl::StrCat("smoothing ", smoothing); }

}  // namespace

Types SoftmaxOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
  RETURN_IF_ERROR(ExpectFloat(*this, inputs[0]));
  if (inputs[0].shape.rank() < 2 || inputs[0].shape[1] < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("softmax expects [N, C, ...] with C >= 1, got ", inputs[0].ToString()));
  }
  return std::vector<TensorType>{inputs[0]};
}

// Per element: maximum, difference, exponential, sum, quotient.
Cost SoftmaxOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return CostPerElement(5, inputs[0].shape.elements(), inputs, outputs);
}

void SoftmaxOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                          const StepContext& /*step*/) const {
  const FloatElements x(inputs[0]), y(outputs[0]);
  ForEachLine(inputs[0].shape(), [&](Line line) { Softmax(x, y, line); });
}

void SoftmaxOp::Gradient(GradientContext* context) const {
  const ValueId dy = context->output_gradient();
  const ValueId y = InType(context, context->output(), context->type(dy).dtype);
  context->SetInputGradient(0, context->Emit1(std::make_shared<SoftmaxBackwardOp>(), {y, dy}));
}

Types SoftmaxBackwardOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 2));
  RETURN_IF_ERROR(ExpectSameType(*this, inputs[0], inputs[1]));
  RETURN_IF_ERROR(SoftmaxOp().InferTypes(inputs.subspan(0, 1)).status());
  return std::vector<TensorType>{inputs[0]};
}

Cost SoftmaxBackwardOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return CostPerElement(4, inputs[0].shape.elements(), inputs, outputs);
}

void SoftmaxBackwardOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                  const StepContext& /*step*/) const {
  const FloatElements y(inputs[0]), dy(inputs[1]), dx(outputs[0]);
  ForEachLine(inputs[0].shape(), [&](Line line) {
    double dot = 0;
    for (int64_t c = 0; c < line.count; ++c) {
      const int64_t i = line.base + c * line.stride;
      dot += static_cast<double>(y[i]) * dy[i];
    }
    for (int64_t c = 0; c < line.count; ++c) {
      const int64_t i = line.base + c * line.stride;
      dx.Set(i, y[i] * (dy[i] - static_cast<float>(dot)));
    }
  });
}

std::string SoftmaxCrossEntropyOp::Attributes() const { return SmoothingText(smoothing_); }

Types SoftmaxCrossEntropyOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 2));
  RETURN_IF_ERROR(ExpectScoresAndLabels(*this, inputs[0], inputs[1]));
  RETURN_IF_ERROR(ExpectSmoothing(*this, smoothing_));
  return std::vector<TensorType>{kScalar, {DType::kF32, inputs[0].shape}};
}

// The softmax, and with smoothing the sum of the log-probabilities.
Cost SoftmaxCrossEntropyOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return CostPerElement(smoothing_ == 0 ? 5 : 6, inputs[0].shape.elements(), inputs, outputs);
}

void SoftmaxCrossEntropyOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                      const StepContext& /*step*/) const {
  const FloatElements logits(inputs[0]), probabilities(outputs[1]);
  const int64_t rows = inputs[0].shape()[0], classes = inputs[0].shape()[1];
  double loss = 0;
  for (int64_t n = 0; n < rows; ++n) {
    const Line line{n * classes, 1, classes};
    Softmax(logits, probabilities, line);
    const int64_t label = LabelAt(inputs[1], n, classes);
    if (label < 0) continue;
    const double log_sum = LogSumExp(logits, line);
    double sum_of_logs = 0;
    for (int64_t c = 0; c < classes; ++c) sum_of_logs += logits[line.base + c] - log_sum;
    loss -= (1 - smoothing_) * (logits[line.base + label] - log_sum) + smoothing_ / classes * sum_of_logs;
  }
  *outputs[0].data<float>() = static_cast<float>(loss);
}

void SoftmaxCrossEntropyOp::Gradient(GradientContext* context) const {
  const ValueId logits = context->input(0), labels = context->input(1), probabilities = context->output(1);
  const DType dtype = context->type(logits).dtype;
  ValueId gradient = kNoValue;
  if (const ValueId dloss = context->output_gradient(0); dloss != kNoValue) {
    gradient = context->Emit1(std::make_shared<SoftmaxCrossEntropyBackwardOp>(smoothing_, dtype),
                              {probabilities, labels, dloss});
  }
  if (const ValueId dprobabilities = context->output_gradient(1); dprobabilities != kNoValue) {
    const ValueId wide = InType(context, dprobabilities, DType::kF32);
    const ValueId through_softmax =
        InType(context, context->Emit1(std::make_shared<SoftmaxBackwardOp>(), {probabilities, wide}), dtype);
    gradient =
        gradient == kNoValue ? through_softmax : context->Emit1(std::make_shared<AddOp>(), {gradient, through_softmax});
  }
  context->SetInputGradient(0, gradient);
}

std::string SoftmaxCrossEntropyBackwardOp::Attributes() const { return SmoothingText(smoothing_); }

Types SoftmaxCrossEntropyBackwardOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 3));
  RETURN_IF_ERROR(ExpectScoresAndLabels(*this, inputs[0], inputs[1]));
  RETURN_IF_ERROR(ExpectScalar(*this, inputs[2]));
  RETURN_IF_ERROR(ExpectSmoothing(*this, smoothing_));
  const TensorType output{dtype_, inputs[0].shape};
  RETURN_IF_ERROR(ExpectFloat(*this, output));
  return std::vector<TensorType>{output};
}

Cost SoftmaxCrossEntropyBackwardOp::CostOf(absl::Span<const TensorType> inputs,
                                           absl::Span<const TensorType> outputs) const {
  return CostPerElement(2, inputs[0].shape.elements(), inputs, outputs);
}

void SoftmaxCrossEntropyBackwardOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                              const StepContext& /*step*/) const {
  const FloatElements p(inputs[0]), dlogits(outputs[0]);
  const int64_t rows = inputs[0].shape()[0], classes = inputs[0].shape()[1];
  const float dloss = *inputs[2].data<float>();
  for (int64_t n = 0; n < rows; ++n) {
    const int64_t label = LabelAt(inputs[1], n, classes);
    for (int64_t c = 0; c < classes; ++c) {
      const int64_t i = n * classes + c;
      const float q = smoothing_ / classes + (c == label ? 1 - smoothing_ : 0);
      dlogits.Set(i, label < 0 ? 0 : dloss * (p[i] - q));
    }
  }
}

Types MeanSquaredErrorOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 2));
  RETURN_IF_ERROR(ExpectScoresAndLabels(*this, inputs[0], inputs[1]));
  return std::vector<TensorType>{kScalar};
}

Cost MeanSquaredErrorOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return CostPerElement(3, inputs[0].shape.elements(), inputs, outputs);
}

void MeanSquaredErrorOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                   const StepContext& /*step*/) const {
  const FloatElements x(inputs[0]);
  const int64_t rows = inputs[0].shape()[0], classes = inputs[0].shape()[1];
  double loss = 0;
  for (int64_t n = 0; n < rows; ++n) {
    const int64_t label = LabelAt(inputs[1], n, classes);
    if (label < 0) continue;
    for (int64_t c = 0; c < classes; ++c) {
      const double difference = static_cast<double>(x[n * classes + c]) - (c == label ? 1 : 0);
      loss += difference * difference / classes;
    }
  }
  *outputs[0].data<float>() = static_cast<float>(loss);
}

void MeanSquaredErrorOp::Gradient(GradientContext* context) const {
  context->SetInputGradient(0, context->Emit1(std::make_shared<MeanSquaredErrorBackwardOp>(),
                                              {context->input(0), context->input(1), context->output_gradient()}));
}

Types MeanSquaredErrorBackwardOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 3));
  RETURN_IF_ERROR(ExpectScoresAndLabels(*this, inputs[0], inputs[1]));
  RETURN_IF_ERROR(ExpectScalar(*this, inputs[2]));
  return std::vector<TensorType>{inputs[0]};
}

Cost MeanSquaredErrorBackwardOp::CostOf(absl::Span<const TensorType> inputs,
                                        absl::Span<const TensorType> outputs) const {
  return CostPerElement(2, inputs[0].shape.elements(), inputs, outputs);
}

void MeanSquaredErrorBackwardOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                           const StepContext& /*step*/) const {
  const FloatElements x(inputs[0]), dx(outputs[0]);
  const int64_t rows = inputs[0].shape()[0], classes = inputs[0].shape()[1];
  const float factor = 2 * *inputs[2].data<float>() / classes;
  for (int64_t n = 0; n < rows; ++n) {
    const int64_t label = LabelAt(inputs[1], n, classes);
    for (int64_t c = 0; c < classes; ++c) {
      const int64_t i = n * classes + c;
      dx.Set(i, label < 0 ? 0 : factor * (x[i] - (c == label ? 1 : 0)));
    }
  }
}

Types CountCorrectOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 2));
  RETURN_IF_ERROR(ExpectScoresAndLabels(*this, inputs[0], inputs[1]));
  return std::vector<TensorType>{{DType::kF32, {3}}};
}

void CountCorrectOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                               const StepContext& /*step*/) const {
  const FloatElements scores(inputs[0]);
  const int64_t rows = inputs[0].shape()[0], classes = inputs[0].shape()[1];
  int64_t labelled = 0, top1 = 0, top5 = 0;
  for (int64_t n = 0; n < rows; ++n) {
    const int64_t label = LabelAt(inputs[1], n, classes);
    if (label < 0) continue;
    ++labelled;
    const float own = scores[n * classes + label];
    if (std::isnan(own)) continue;
    int64_t better = 0;
    for (int64_t c = 0; c < classes; ++c) {
      const float other = scores[n * classes + c];
      if (other > own || (other == own && c < label)) ++better;
    }
    top1 += better < 1;
    top5 += better < 5;
  }
  const absl::Span<float> counts = outputs[0].span<float>();
  counts[0] = static_cast<float>(labelled);
  counts[1] = static_cast<float>(top1);
  counts[2] = static_cast<float>(top5);
}

}  // namespace espalier
