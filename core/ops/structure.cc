#include "core/ops/structure.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/gradient.h"
#include "core/ops/reference_access.h"

namespace espalier {
namespace {

using Types = absl::StatusOr<std::vector<TensorType>>;

absl::Status ExpectAxis(const Operator& op, const Shape& shape, int axis) {
  if (axis >= 0 && axis < shape.rank()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(op.kind(), " along axis ", axis, " of shape ", shape.ToString(),
                                                 ", which has axes 0 to ", shape.rank() - 1));
}

// Copies `count` blocks of `bytes` each; the k-th from source + k * source_step to target + k * target_step.
void CopyBlocks(const std::byte* source, int64_t source_step, std::byte* target, int64_t target_step, int64_t bytes,
                int64_t count) {
  for (int64_t k = 0; k < count; ++k) std::memcpy(target + k * target_step, source + k * source_step, bytes);
}

// Bytes from one index of the axis before `axis` to the next: a contiguous run of dimensions [axis, rank).
int64_t RunBytes(const Tensor& tensor, int axis) {
  const Shape& shape = tensor.shape();
  return shape.Product(axis, shape.rank()) * static_cast<int64_t>(SizeOf(tensor.dtype()));
}

// The bytes of one index of `axis`.
int64_t StepBytes(const Tensor& tensor, int axis) { return RunBytes(tensor, axis + 1); }

// Fails unless `axes` are distinct axes of `shape`.
absl::Status ExpectAxes(const Operator& op, const Shape& shape, const std::vector<int>& axes) {
  for (size_t i = 0; i < axes.size(); ++i) {
    RETURN_IF_ERROR(ExpectAxis(op, shape, axes[i]));
    if (std::find(axes.begin(), axes.begin() + i, axes[i]) != axes.begin() + i) {
      return absl::InvalidArgumentError(absl::StrCat(op.kind(), " names axis ", axes[i], " twice"));
    }
  }
  return absl::OkStatus();
}

bool Contains(const std::vector<int>& axes, int axis) {
  return std::find(axes.begin(), axes.end(), axis) != axes.end();
}

// `shape` without `axes`.
Shape Remaining(const Shape& shape, const std::vector<int>& axes) {
  std::vector<int64_t> dims;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (!Contains(axes, axis)) dims.push_back(shape[axis]);
  }
  return Shape(absl::MakeConstSpan(dims));
}

// How many elements of `shape` fall on one element of Remaining(shape, axes).
int64_t ReducedCount(const Shape& shape, const std::vector<int>& axes) {
  int64_t count = 1;
  for (int axis : axes) count *= shape[axis];
  return count;
}

// For the element `index` of `shape` in row-major order, the row-major index of its element of
// Remaining(shape, axes).
int64_t RemainingIndex(const Shape& shape, const std::vector<int>& axes, int64_t index) {
  int64_t remaining = 0, stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    if (!Contains(axes, axis)) {
      remaining += index % shape[axis] * stride;
      stride *= shape[axis];
    }
    index /= shape[axis];
  }
  return remaining;
}

std::string AxesText(const std::vector<int>& axes) { return absl::StrCat("axes ", absl::StrJoin(axes, ", ")); }

}  // namespace

std::string ConcatOp::Attributes() const { return absl::StrCat("axis ", axis_); }

Types ConcatOp::InferTypes(absl::Span<const TensorType> inputs) const {
  if (inputs.empty()) return absl::InvalidArgumentError("concat takes at least 1 input, got 0");
  RETURN_IF_ERROR(ExpectAxis(*this, inputs[0].shape, axis_));
  TensorType output = inputs[0];
  for (const TensorType& input : inputs.subspan(1)) {
    TensorType aligned = input;
    if (input.shape.rank() == output.shape.rank()) aligned.shape[axis_] = inputs[0].shape[axis_];
    if (aligned != inputs[0]) {
      return absl::InvalidArgumentError(absl::StrCat("concat along axis ", axis_,
                                                     " expects inputs equal in all other dimensions and in type, got ",
                                                     inputs[0].ToString(), " and ", input.ToString()));
    }
    output.shape[axis_] += input.shape[axis_];
  }
  return std::vector<TensorType>{output};
}

void ConcatOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                         const StepContext& /*step*/) const {
  std::byte* target = outputs[0].raw();
  for (const Tensor& input : inputs) {
    const int64_t run = RunBytes(input, axis_);
    CopyBlocks(input.raw(), run, target, RunBytes(outputs[0], axis_), run, input.shape().Product(0, axis_));
    target += run;
  }
}

void ConcatOp::Gradient(GradientContext* context) const {
  int64_t begin = 0;
  for (int i = 0; i < context->input_count(); ++i) {
    const int64_t size = context->type(context->input(i)).shape[axis_];
    if (context->Wants(i)) {
      context->SetInputGradient(
          i, context->Emit1(std::make_shared<SliceOp>(axis_, begin, size), {context->output_gradient()}));
    }
    begin += size;
  }
}

std::string SliceOp::Attributes() const {
  return absl::StrCat("axis ", axis_, " elements [", begin_, ", ", begin_ + size_, ")");
}

Types SliceOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
  RETURN_IF_ERROR(ExpectAxis(*this, inputs[0].shape, axis_));
  if (begin_ < 0 || size_ < 0 || size_ > inputs[0].shape[axis_] || begin_ > inputs[0].shape[axis_] - size_) {
    return absl::InvalidArgumentError(
        absl::StrCat("slice of ", size_, " from ", begin_, " on axis ", axis_, " leaves ", inputs[0].ToString()));
  }
  TensorType output = inputs[0];
  output.shape[axis_] = size_;
  return std::vector<TensorType>{output};
}

void SliceOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                        const StepContext& /*step*/) const {
  const int64_t run = RunBytes(outputs[0], axis_);
  CopyBlocks(inputs[0].raw() + begin_ * StepBytes(inputs[0], axis_), RunBytes(inputs[0], axis_), outputs[0].raw(), run,
             run, inputs[0].shape().Product(0, axis_));
}

void SliceOp::Gradient(GradientContext* context) const {
  const Shape& shape = context->type(context->input(0)).shape;
  context->SetInputGradient(
      0, context->Emit1(std::make_shared<SliceBackwardOp>(axis_, begin_, shape), {context->output_gradient()}));
}

std::string SliceBackwardOp::Attributes() const {
  return absl::StrCat("axis ", axis_, " from ", begin_, " of ", shape_.ToString());
}

Types SliceBackwardOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
  RETURN_IF_ERROR(ExpectAxis(*this, shape_, axis_));
  const TensorType output{inputs[0].dtype, shape_};
  const int64_t size = inputs[0].shape.rank() > axis_ ? inputs[0].shape[axis_] : 0;
  const absl::StatusOr<std::vector<TensorType>> slice = SliceOp(axis_, begin_, size).InferTypes({output});
  if (!slice.ok() || (*slice)[0] != inputs[0]) {
    return absl::InvalidArgumentError(absl::StrCat("slice_backward: ", inputs[0].ToString(), " is no slice from ",
                                                   begin_, " on axis ", axis_, " of ", output.ToString()));
  }
  return std::vector<TensorType>{output};
}

void SliceBackwardOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                                const StepContext& /*step*/) const {
  std::memset(outputs[0].raw(), 0, outputs[0].bytes());
  const int64_t run = RunBytes(inputs[0], axis_);
  CopyBlocks(inputs[0].raw(), run, outputs[0].raw() + begin_ * StepBytes(outputs[0], axis_),
             RunBytes(outputs[0], axis_), run, shape_.Product(0, axis_));
}

Types ReshapeOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
  if (inputs[0].shape.elements() != shape_.elements()) {
    return absl::InvalidArgumentError(absl::StrCat("reshape of ", inputs[0].ToString(), " (",
                                                   inputs[0].shape.elements(), " elements) to ", shape_.ToString(),
                                                   " (", shape_.elements(), " elements)"));
  }
  return std::vector<TensorType>{{inputs[0].dtype, shape_}};
}

void ReshapeOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                          const StepContext& /*step*/) const {
  std::memmove(outputs[0].raw(), inputs[0].raw(), inputs[0].bytes());
}

void ReshapeOp::Gradient(GradientContext* context) const {
  const Shape& shape = context->type(context->input(0)).shape;
  context->SetInputGradient(0, context->Emit1(std::make_shared<ReshapeOp>(shape), {context->output_gradient()}));
}

std::string TransposeOp::Attributes() const { return absl::StrCat("order ", absl::StrJoin(order_, ", ")); }

Types TransposeOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
  const Shape& shape = inputs[0].shape;
  RETURN_IF_ERROR(ExpectAxes(*this, shape, order_));
  if (static_cast<int>(order_.size()) != shape.rank()) {
    return absl::InvalidArgumentError(absl::StrCat("transpose to the order [", absl::StrJoin(order_, ", "),
                                                   "] of a tensor of ", shape.rank(), " dimensions, ",
                                                   inputs[0].ToString()));
  }
  TensorType output = inputs[0];
  for (int axis = 0; axis < shape.rank(); ++axis) output.shape[axis] = shape[order_[axis]];
  return std::vector<TensorType>{output};
}

void TransposeOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                            const StepContext& /*step*/) const {
  const Shape &from = inputs[0].shape(), &to = outputs[0].shape();
  const size_t size = SizeOf(inputs[0].dtype());
  for (int64_t target = 0; target < to.elements(); ++target) {
    int64_t source = 0, rest = target;
    for (int axis = to.rank() - 1; axis >= 0; --axis) {
      source += rest % to[axis] * from.Product(order_[axis] + 1, from.rank());
      rest /= to[axis];
    }
    std::memcpy(outputs[0].raw() + target * size, inputs[0].raw() + source * size, size);
  }
}

void TransposeOp::Gradient(GradientContext* context) const {
  std::vector<int> inverse(order_.size());
  for (size_t i = 0; i < order_.size(); ++i) inverse[order_[i]] = static_cast<int>(i);
  context->SetInputGradient(0, context->Emit1(std::make_shared<TransposeOp>(inverse), {context->output_gradient()}));
}

std::string ReduceOp::Attributes() const { return AxesText(axes_); }

Types ReduceOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
  RETURN_IF_ERROR(ExpectFloat(*this, inputs[0]));
  RETURN_IF_ERROR(ExpectAxes(*this, inputs[0].shape, axes_));
  return std::vector<TensorType>{{inputs[0].dtype, Remaining(inputs[0].shape, axes_)}};
}

Cost ReduceOp::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  const int64_t divisions = reduction_ == Reduction::kMean ? outputs[0].shape.elements() : 0;
  return {0, inputs[0].shape.elements() + divisions, TrafficBytes(inputs, outputs)};
}

void ReduceOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                         const StepContext& /*step*/) const {
  const FloatElements x(inputs[0]), y(outputs[0]);
  std::vector<double> sums(y.size(), 0);
  for (int64_t i = 0; i < x.size(); ++i) sums[RemainingIndex(inputs[0].shape(), axes_, i)] += x[i];
  const int64_t divisor = reduction_ == Reduction::kMean ? ReducedCount(inputs[0].shape(), axes_) : 1;
  for (int64_t i = 0; i < y.size(); ++i) y.Set(i, static_cast<float>(sums[i] / divisor));
}

void ReduceOp::Gradient(GradientContext* context) const {
  const Shape& shape = context->type(context->input(0)).shape;
  context->SetInputGradient(
      0, context->Emit1(std::make_shared<BroadcastOp>(reduction_, axes_, shape), {context->output_gradient()}));
}

std::string BroadcastOp::Attributes() const { return absl::StrCat(AxesText(axes_), " of ", shape_.ToString()); }

Types BroadcastOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
  RETURN_IF_ERROR(ExpectFloat(*this, inputs[0]));
  RETURN_IF_ERROR(ExpectAxes(*this, shape_, axes_));
  if (inputs[0].shape != Remaining(shape_, axes_)) {
    return absl::InvalidArgumentError(absl::StrCat("broadcast of ", inputs[0].ToString(), " over ", AxesText(axes_),
                                                   " to ", shape_.ToString(), " expects a shape of ",
                                                   Remaining(shape_, axes_).ToString()));
  }
  return std::vector<TensorType>{{inputs[0].dtype, shape_}};
}

void BroadcastOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                            const StepContext& /*step*/) const {
  const FloatElements dy(inputs[0]), dx(outputs[0]);
  const float divisor = reduction_ == Reduction::kMean ? static_cast<float>(ReducedCount(shape_, axes_)) : 1;
  for (int64_t i = 0; i < dx.size(); ++i) dx.Set(i, dy[RemainingIndex(shape_, axes_, i)] / divisor);
}

void BroadcastOp::Gradient(GradientContext* context) const {
  context->SetInputGradient(
      0, context->Emit1(std::make_shared<ReduceOp>(reduction_, axes_), {context->output_gradient()}));
}

}  // namespace espalier
