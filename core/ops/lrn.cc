#include "core/ops/lrn.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/reference_access.h"
#include "core/ops/shape_rules.h"

namespace espalier {
namespace {

absl::Status CheckTypes(const Operator& op, const LrnAttributes& attributes, const TensorType& x) {
  RETURN_IF_ERROR(ExpectFloat(op, x));
  RETURN_IF_ERROR(ExpectRank(op, x, 4));
  if (attributes.size >= 1 && attributes.size % 2 == 1) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(op.kind(), ": size must be odd, so that the window is centred, got ", attributes.size));
}

// One pixel's values along the channels, `stride` elements apart from `base` on.
struct Column {
  // d[c] = k + alpha / size * sum of x^2 over the window of c.
  std::vector<float> Normalizer(const LrnAttributes& a, const FloatElements& x) const {
    std::vector<float> normalizer(channels);
    for (int64_t c = 0; c < channels; ++c) {
      const float squares = WindowSum(a, c, [&](int64_t j) { return x[At(j)] * x[At(j)]; });
      normalizer[c] = a.k + a.alpha / static_cast<float>(a.size) * squares;
    }
    return normalizer;
  }

  template <typename Function>
  float WindowSum(const LrnAttributes& a, int64_t c, Function term) const {
    float sum = 0;
    const int64_t begin = std::max<int64_t>(c - a.size / 2, 0), end = std::min(c + a.size / 2 + 1, channels);
    for (int64_t j = begin; j < end; ++j) sum += term(j);
    return sum;
  }

  int64_t At(int64_t c) const { return base + c * stride; }

  int64_t base, stride, channels;
};

// Calls fn(column) for each pixel of each sample.
template <typename Function>
void ForEachColumn(const Shape& shape, Function fn) {
  const int64_t channels = shape[1], pixels = shape[2] * shape[3];
#pragma omp parallel for if (shape.elements() >= kParallelSteps)
  for (int64_t n = 0; n < shape[0]; ++n) {
    for (int64_t pixel = 0; pixel < pixels; ++pixel) fn(Column{n * channels * pixels + pixel, pixels, channels});
  }
}

}  // namespace

std::string LrnAttributes::ToString() const {
  return absl::StrCat("size ", size, " alpha ", alpha, " beta ", beta, " k ", k);
}

absl::StatusOr<std::vector<TensorType>> LrnOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
  RETURN_IF_ERROR(CheckTypes(*this, attributes_, inputs[0]));
  return std::vector<TensorType>{inputs[0]};
}

// Per element: a square and a sum per window entry, the normaliser 2, the power and the division.
Cost LrnOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return {0, (2 * attributes_.size + 4) * outputs[0].shape.elements(), TrafficBytes(inputs, outputs)};
}

void LrnOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                      const StepContext& /*step*/) const {
  const FloatElements x(inputs[0]), y(outputs[0]);
  ForEachColumn(inputs[0].shape(), [&](const Column& column) {
    const std::vector<float> normalizer = column.Normalizer(attributes_, x);
    for (int64_t c = 0; c < column.channels; ++c) {
      y.Set(column.At(c), x[column.At(c)] / std::pow(normalizer[c], attributes_.beta));
    }
  });
}

void LrnOp::Gradient(GradientContext* context) const {
  const ValueId x = context->input(0), dy = InType(context, context->output_gradient(), context->type(x).dtype);
  context->SetInputGradient(0, context->Emit1(std::make_shared<LrnBackwardOp>(attributes_), {x, dy}));
}

absl::StatusOr<std::vector<TensorType>> LrnBackwardOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 2));
  RETURN_IF_ERROR(CheckTypes(*this, attributes_, inputs[0]));
  RETURN_IF_ERROR(ExpectSameType(*this, inputs[0], inputs[1]));
  return std::vector<TensorType>{inputs[0]};
}

// The forward's operations, and per element 2 for each window entry's product and sum, and 6 to combine.
Cost LrnBackwardOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return {0, (4 * attributes_.size + 10) * outputs[0].shape.elements(), TrafficBytes(inputs, outputs)};
}

// With d the normaliser:  dx_i = dy_i d_i^-beta - 2 alpha beta / size x_i sum_j dy_j x_j d_j^(-beta - 1), over the
// windows j that contain i, which are those centred in i's own window.
void LrnBackwardOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                              const StepContext& /*step*/) const {
  const FloatElements x(inputs[0]), dy(inputs[1]), dx(outputs[0]);
  const float factor = 2 * attributes_.alpha * attributes_.beta / static_cast<float>(attributes_.size);
  ForEachColumn(inputs[0].shape(), [&](const Column& column) {
    const std::vector<float> normalizer = column.Normalizer(attributes_, x);
    for (int64_t c = 0; c < column.channels; ++c) {
      const float through_normalizers = column.WindowSum(attributes_, c, [&](int64_t j) {
        return dy[column.At(j)] * x[column.At(j)] * std::pow(normalizer[j], -attributes_.beta - 1);
      });
      const int64_t at = column.At(c);
      dx.Set(at, dy[at] * std::pow(normalizer[c], -attributes_.beta) - factor * x[at] * through_normalizers);
    }
  });
}

}  // namespace espalier
