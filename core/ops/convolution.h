// 2-D convolution (cross-correlation), NCHW activations and OIHW weights, and the two operators of its gradient.
#ifndef ESPALIER_CORE_OPS_CONVOLUTION_H_
#define ESPALIER_CORE_OPS_CONVOLUTION_H_

#include "core/operator.h"

namespace espalier {

struct ConvolutionAttributes {
  int64_t stride_h = 1, stride_w = 1;
  int64_t pad_h = 0, pad_w = 0;            // zeros on each side
  int64_t dilation_h = 1, dilation_w = 1;  // distance between taps
  int64_t groups = 1;

  friend bool operator==(const ConvolutionAttributes& a, const ConvolutionAttributes& b);
  std::string ToString() const;
};

// floor((input + 2 pad - ((kernel - 1) dilation + 1)) / stride) + 1; not positive when the kernel does not fit.
int64_t ConvolutionOutputSize(int64_t input, int64_t kernel, int64_t stride, int64_t pad, int64_t dilation);

// (x [N, C, H, W], weights [K, C / groups, kh, kw][, bias f32 [K]]) -> y [N, K, oh, ow], of x's type, with
// y = conv(x, weights) + bias, then max(y, 0) when `relu` is fused. Accumulates in f32.
class ConvolutionOp : public Operator {
 public:
  explicit ConvolutionOp(ConvolutionAttributes attributes, bool relu = false) : attributes_(attributes), relu_(relu) {}
  const ConvolutionAttributes& attributes() const { return attributes_; }
  bool relu() const { return relu_; }

  absl::string_view kind() const override { return "convolution"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;

 private:
  ConvolutionAttributes attributes_;
  bool relu_;
};

// (dy, weights) -> dx of `input_shape` and dy's type.
class ConvolutionBackwardDataOp : public Operator {
 public:
  ConvolutionBackwardDataOp(ConvolutionAttributes attributes, Shape input_shape)
      : attributes_(attributes), input_shape_(input_shape) {}
  const ConvolutionAttributes& attributes() const { return attributes_; }

  absl::string_view kind() const override { return "convolution_backward_data"; }
  std::string Attributes() const override { return attributes_.ToString(); }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;

 private:
  ConvolutionAttributes attributes_;
  Shape input_shape_;
};

// (x, dy) -> dweights, f32 of `weights_shape`, and with `bias` also dbias, f32 [K]. Weight gradients stay f32 whatever
// the type of x and dy.
class ConvolutionBackwardWeightsOp : public Operator {
 public:
  ConvolutionBackwardWeightsOp(ConvolutionAttributes attributes, Shape weights_shape, bool bias)
      : attributes_(attributes), weights_shape_(weights_shape), bias_(bias) {}
  const ConvolutionAttributes& attributes() const { return attributes_; }
  const Shape& weights_shape() const { return weights_shape_; }
  bool bias() const { return bias_; }

  absl::string_view kind() const override { return "convolution_backward_weights"; }
  std::string Attributes() const override { return attributes_.ToString(); }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;

 private:
  ConvolutionAttributes attributes_;
  Shape weights_shape_;
  bool bias_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_CONVOLUTION_H_
