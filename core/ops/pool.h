// Max and average pooling, NCHW.
#ifndef ESPALIER_CORE_OPS_POOL_H_
#define ESPALIER_CORE_OPS_POOL_H_

#include "core/operator.h"

namespace espalier {

struct PoolAttributes {
  bool max = true;  // else average
  int64_t kernel_h = 2, kernel_w = 2;
  int64_t stride_h = 2, stride_w = 2;
  int64_t pad_h = 0, pad_w = 0;
  bool ceil = false;           // sizes rounded up; a last window that would start beyond input + pad is dropped (Caffe)
  bool count_padding = false;  // whether an average's divisor counts padded positions

  std::string ToString() const;
};

// floor or ceil((input + 2 pad - kernel) / stride) + 1, with Caffe's rule for the last window.
int64_t PoolOutputSize(int64_t input, int64_t kernel, int64_t stride, int64_t pad, bool ceil);

// The part of an output's window that lies on the input, rows [h_begin, h_end) and columns [w_begin, w_end), and the
// divisor of its average.
struct PoolWindowBounds {
  PoolWindowBounds(const PoolAttributes& attributes, int64_t row, int64_t column, int64_t height, int64_t width);
  int64_t h_begin, h_end, w_begin, w_end, divisor;
};

// x [N, C, H, W] -> y [N, C, oh, ow]. Max pooling for training has a second output, s32 like y: the flat h * W + w of
// each maximum (the first one in row-major order), which the backward operator scatters by.
class PoolOp : public Operator {
 public:
  PoolOp(PoolAttributes attributes, bool training) : attributes_(attributes), training_(training) {}
  const PoolAttributes& attributes() const { return attributes_; }
  // Whether the argmax output exists.
  bool has_argmax() const { return attributes_.max && training_; }
  absl::string_view kind() const override { return attributes_.max ? "max_pool" : "average_pool"; }
  std::string Attributes() const override { return attributes_.ToString(); }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;

 private:
  PoolAttributes attributes_;
  bool training_;
};

// (dy[, argmax]) -> dx of `input_shape`.
class PoolBackwardOp : public Operator {
 public:
  PoolBackwardOp(PoolAttributes attributes, Shape input_shape) : attributes_(attributes), input_shape_(input_shape) {}
  const PoolAttributes& attributes() const { return attributes_; }
  absl::string_view kind() const override { return attributes_.max ? "max_pool_backward" : "average_pool_backward"; }
  std::string Attributes() const override { return attributes_.ToString(); }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;

 private:
  PoolAttributes attributes_;
  Shape input_shape_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_POOL_H_
