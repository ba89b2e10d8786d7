#include "core/ops/pool.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/gradient.h"
#include "core/ops/reference_access.h"
#include "core/ops/shape_rules.h"

namespace espalier {
namespace {

// The output's shape, or why the window does not go with the input. With pads below the kernel, every window meets the
// input.
absl::StatusOr<Shape> OutputShape(const Operator& op, const PoolAttributes& a, const Shape& x) {
  RETURN_IF_ERROR(ExpectRank(op, {DType::kF32, x}, 4));
  RETURN_IF_ERROR(ExpectAtLeast(op, "kernel", a.kernel_h, a.kernel_w, 1));
  RETURN_IF_ERROR(ExpectAtLeast(op, "stride", a.stride_h, a.stride_w, 1));
  RETURN_IF_ERROR(ExpectAtLeast(op, "pad", a.pad_h, a.pad_w, 0));
  if (a.pad_h >= a.kernel_h || a.pad_w >= a.kernel_w) {
    return absl::InvalidArgumentError(absl::StrCat(op.kind(), ": pad ", HeightByWidth(a.pad_h, a.pad_w),
                                                   " must be smaller than the kernel ",
                                                   HeightByWidth(a.kernel_h, a.kernel_w)));
  }
  const int64_t height = PoolOutputSize(x[2], a.kernel_h, a.stride_h, a.pad_h, a.ceil);
  const int64_t width = PoolOutputSize(x[3], a.kernel_w, a.stride_w, a.pad_w, a.ceil);
  if (height < 1 || width < 1) {
    return absl::InvalidArgumentError(absl::StrCat(op.kind(), ": the kernel ", HeightByWidth(a.kernel_h, a.kernel_w),
                                                   " does not fit the input ", x.ToString(), " with pad ",
                                                   HeightByWidth(a.pad_h, a.pad_w)));
  }
  return Shape{x[0], x[1], height, width};
}

}  // namespace

std::string PoolAttributes::ToString() const {
  std::string text =
      absl::StrCat("kernel ", HeightByWidth(kernel_h, kernel_w), " stride ", HeightByWidth(stride_h, stride_w));
  if (pad_h != 0 || pad_w != 0) absl::StrAppend(&text, " pad ", HeightByWidth(pad_h, pad_w));
  return absl::StrCat(text, ceil ? " ceil" : "", !max && count_padding ? " count_padding" : "");
}

PoolWindowBounds::PoolWindowBounds(const PoolAttributes& a, int64_t row, int64_t column, int64_t height,
                                   int64_t width) {
  const int64_t h = row * a.stride_h - a.pad_h, w = column * a.stride_w - a.pad_w;
  h_begin = std::max<int64_t>(h, 0), h_end = std::min(h + a.kernel_h, height);
  w_begin = std::max<int64_t>(w, 0), w_end = std::min(w + a.kernel_w, width);
  divisor = (h_end - h_begin) * (w_end - w_begin);
  if (a.count_padding) {  // a window that hangs over the padding's end is cut there
    divisor = (std::min(h + a.kernel_h, height + a.pad_h) - h) * (std::min(w + a.kernel_w, width + a.pad_w) - w);
  }
}

int64_t PoolOutputSize(int64_t input, int64_t kernel, int64_t stride, int64_t pad, bool ceil) {
  const int64_t room = input + 2 * pad - kernel;
  if (room < 0) return 0;
  const int64_t size = (ceil ? room + stride - 1 : room) / stride + 1;
  return (size - 1) * stride >= input + pad ? size - 1 : size;
}

absl::StatusOr<std::vector<TensorType>> PoolOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
  RETURN_IF_ERROR(ExpectFloat(*this, inputs[0]));
  ASSIGN_OR_RETURN(const Shape output, OutputShape(*this, attributes_, inputs[0].shape));
  std::vector<TensorType> types = {{inputs[0].dtype, output}};
  if (has_argmax()) types.push_back({DType::kS32, output});
  return types;
}

// One comparison or addition per window element; the average's division once per output.
Cost PoolOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  const int64_t per_output = attributes_.kernel_h * attributes_.kernel_w + (attributes_.max ? 0 : 1);
  return {0, per_output * outputs[0].shape.elements(), TrafficBytes(inputs, outputs)};
}

void PoolOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                       const StepContext& /*step*/) const {
  const FloatElements x(inputs[0]), y(outputs[0]);
  int32_t* argmax = has_argmax() ? outputs[1].data<int32_t>() : nullptr;
  const int64_t height = inputs[0].shape()[2], width = inputs[0].shape()[3];
  const int64_t out_height = outputs[0].shape()[2], out_width = outputs[0].shape()[3];
  const int64_t planes = inputs[0].shape().Product(0, 2);
#pragma omp parallel for if (x.size() >= kParallelSteps)
  for (int64_t plane = 0; plane < planes; ++plane) {
    for (int64_t out = 0; out < out_height * out_width; ++out) {
      const PoolWindowBounds window(attributes_, out / out_width, out % out_width, height, width);
      int64_t best = window.h_begin * width + window.w_begin;
      float sum = 0;
      for (int64_t h = window.h_begin; h < window.h_end; ++h) {
        for (int64_t w = window.w_begin; w < window.w_end; ++w) {
          const float value = x[plane * height * width + h * width + w];
          sum += value;
          if (value > x[plane * height * width + best]) best = h * width + w;
        }
      }
      const int64_t at = plane * out_height * out_width + out;
      y.Set(at, attributes_.max ? x[plane * height * width + best] : sum / static_cast<float>(window.divisor));
      if (argmax != nullptr) argmax[at] = static_cast<int32_t>(best);
    }
  }
}

void PoolOp::Gradient(GradientContext* context) const {
  CHECK(training_ || !attributes_.max) << "max pooling for inference keeps no argmax, so it has no gradient";
  std::vector<ValueId> inputs = {context->output_gradient()};
  if (attributes_.max) inputs.push_back(context->output(1));
  const Shape input_shape = context->type(context->input(0)).shape;
  context->SetInputGradient(0, context->Emit1(std::make_shared<PoolBackwardOp>(attributes_, input_shape), inputs));
}

absl::StatusOr<std::vector<TensorType>> PoolBackwardOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, attributes_.max ? 2 : 1));
  RETURN_IF_ERROR(ExpectFloat(*this, inputs[0]));
  ASSIGN_OR_RETURN(const Shape output, OutputShape(*this, attributes_, input_shape_));
  if (inputs[0].shape != output) {
    return absl::InvalidArgumentError(absl::StrCat(kind(), " of input ", input_shape_.ToString(),
                                                   " expects an output gradient ", output.ToString(), ", got ",
                                                   inputs[0].ToString()));
  }
  if (attributes_.max) RETURN_IF_ERROR(ExpectSameType(*this, {DType::kS32, output}, inputs[1]));
  return std::vector<TensorType>{{inputs[0].dtype, input_shape_}};
}

Cost PoolBackwardOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  const int64_t per_output = attributes_.max ? 1 : attributes_.kernel_h * attributes_.kernel_w + 1;
  return {0, per_output * inputs[0].shape.elements(), TrafficBytes(inputs, outputs)};
}

void PoolBackwardOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                               const StepContext& /*step*/) const {
  const FloatElements dy(inputs[0]);
  const int32_t* argmax = attributes_.max ? inputs[1].data<int32_t>() : nullptr;
  const int64_t height = input_shape_[2], width = input_shape_[3];
  const int64_t out_height = inputs[0].shape()[2], out_width = inputs[0].shape()[3];
  const int64_t planes = input_shape_.Product(0, 2);
  std::vector<float> dx(input_shape_.elements(), 0.0f);
#pragma omp parallel for if (input_shape_.elements() >= kParallelSteps)
  for (int64_t plane = 0; plane < planes; ++plane) {
    float* dx_plane = &dx[plane * height * width];
    for (int64_t out = 0; out < out_height * out_width; ++out) {
      const int64_t at = plane * out_height * out_width + out;
      if (argmax != nullptr) {
        dx_plane[argmax[at]] += dy[at];
        continue;
      }
      const PoolWindowBounds window(attributes_, out / out_width, out % out_width, height, width);
      for (int64_t h = window.h_begin; h < window.h_end; ++h) {
        for (int64_t w = window.w_begin; w < window.w_end; ++w) {
          dx_plane[h * width + w] += dy[at] / static_cast<float>(window.divisor);
        }
      }
    }
  }
  StoreFloats(dx, outputs[0]);
}

}  // namespace espalier
