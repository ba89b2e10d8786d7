// Operators that move elements without changing them, and reductions.
#ifndef ESPALIER_CORE_OPS_STRUCTURE_H_
#define ESPALIER_CORE_OPS_STRUCTURE_H_

#include "core/operator.h"

namespace espalier {

// Inputs joined along `axis`; all other dimensions equal.
class ConcatOp : public Operator {
 public:
  explicit ConcatOp(int axis) : axis_(axis) {}
  int axis() const { return axis_; }
  absl::string_view kind() const override { return "concat"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;

 private:
  int axis_;
};

// Elements [begin, begin + size) of `axis`.
class SliceOp : public Operator {
 public:
  SliceOp(int axis, int64_t begin, int64_t size) : axis_(axis), begin_(begin), size_(size) {}
  int axis() const { return axis_; }
  int64_t begin() const { return begin_; }
  absl::string_view kind() const override { return "slice"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;

 private:
  int axis_;
  int64_t begin_, size_;
};

// The adjoint of SliceOp: dy -> dx of `shape`, zero outside the slice.
class SliceBackwardOp : public Operator {
 public:
  SliceBackwardOp(int axis, int64_t begin, Shape shape) : axis_(axis), begin_(begin), shape_(shape) {}
  int axis() const { return axis_; }
  int64_t begin() const { return begin_; }
  absl::string_view kind() const override { return "slice_backward"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;

 private:
  int axis_;
  int64_t begin_;
  Shape shape_;
};

// The same elements, in row-major order, under another shape.
class ReshapeOp : public Operator {
 public:
  explicit ReshapeOp(Shape shape) : shape_(shape) {}
  absl::string_view kind() const override { return "reshape"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;
  bool IsView() const override { return true; }

 private:
  Shape shape_;
};

// Output dimension i is input dimension order[i].
class TransposeOp : public Operator {
 public:
  explicit TransposeOp(std::vector<int> order) : order_(std::move(order)) {}
  const std::vector<int>& order() const { return order_; }
  absl::string_view kind() const override { return "transpose"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;

 private:
  std::vector<int> order_;
};

enum class Reduction { kSum, kMean };

// x -> the sum or mean over `axes`, which leave the shape (all axes: a scalar). Accumulates in f32.
class ReduceOp : public Operator {
 public:
  ReduceOp(Reduction reduction, std::vector<int> axes) : reduction_(reduction), axes_(std::move(axes)) {}
  Reduction reduction() const { return reduction_; }
  const std::vector<int>& axes() const { return axes_; }
  absl::string_view kind() const override { return reduction_ == Reduction::kSum ? "reduce_sum" : "reduce_mean"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;

 private:
  Reduction reduction_;
  std::vector<int> axes_;
};

// The adjoint of ReduceOp: dy -> dx of `shape`, each element of dy repeated over `axes` (divided by their size for a
// mean).
class BroadcastOp : public Operator {
 public:
  BroadcastOp(Reduction reduction, std::vector<int> axes, Shape shape)
      : reduction_(reduction), axes_(std::move(axes)), shape_(shape) {}
  Reduction reduction() const { return reduction_; }
  const std::vector<int>& axes() const { return axes_; }
  absl::string_view kind() const override { return "broadcast"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;

 private:
  Reduction reduction_;
  std::vector<int> axes_;
  Shape shape_;
};

// (table [R, ...], indices s32 of any shape S) -> S + [...]: rows of the table. Its gradient is the grouped sum of the
// incoming gradient by index (the trained-quantization rule of Han et al. 2016 when the table is a codebook). Indices
// must be in [0, R).
class GatherOp : public Operator {
 public:
  absl::string_view kind() const override { return "gather"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;
};

// (dy, indices) -> dtable, f32 of `table_shape`: rows of dy summed by index.
class GatherBackwardOp : public Operator {
 public:
  explicit GatherBackwardOp(Shape table_shape) : table_shape_(table_shape) {}
  absl::string_view kind() const override { return "gather_backward"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;

 private:
  Shape table_shape_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_STRUCTURE_H_
