// Batch normalisation per channel (Ioffe and Szegedy 2015), optionally with a fused residual sum and ReLU, and the
// moving average that keeps its statistics. Statistics, scale and shift are f32 whatever the type of x.
//
// A synchronised batch norm is that of the global batch, of which each rank has rows: where the step has a channel
// reducer, the ranks exchange [count, sum of x, sum of x^2] in the forward pass and [count, sum of dy, sum of
// dy (x - mean)] in the backward pass, sums per channel, so that mean, variance and dx are the whole batch's. dscale
// and dshift stay this rank's part: their sum over the ranks is the gradient. Every kernel of the operator exchanges
// just these, so that ranks may run different kernels. The sum of squares serves: in f64 it costs the variance less
// than the rounding of x to f32 does.
#ifndef ESPALIER_CORE_OPS_BATCH_NORM_H_
#define ESPALIER_CORE_OPS_BATCH_NORM_H_

#include "core/operator.h"

namespace espalier {

// (x [N, C, ...], scale [C], shift [C][, residual like x]) -> (y like x, mean [C], variance [C] (biased)):
//   y = (x - mean) / sqrt(variance + epsilon) * scale + shift [+ residual], then max(y, 0) with `relu`.
class BatchNormTrainOp : public Operator {
 public:
  BatchNormTrainOp(float epsilon, bool relu, bool synchronized = false)
      : epsilon_(epsilon), relu_(relu), synchronized_(synchronized) {}
  float epsilon() const { return epsilon_; }
  bool relu() const { return relu_; }
  bool synchronized() const { return synchronized_; }
  absl::string_view kind() const override { return "batch_norm_train"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;

 private:
  float epsilon_;
  bool relu_, synchronized_;
};

// (x, y, dy, mean, variance, scale) -> (dx like x, dscale [C], dshift [C][, dresidual like x with `residual`]).
// With `relu`, dy counts only where y > 0 (y is given only then: without `relu` the inputs are (x, dy, mean, variance,
// scale)); dresidual is that masked dy.
class BatchNormBackwardOp : public Operator {
 public:
  BatchNormBackwardOp(float epsilon, bool relu, bool residual, bool synchronized = false)
      : epsilon_(epsilon), relu_(relu), residual_(residual), synchronized_(synchronized) {}
  float epsilon() const { return epsilon_; }
  bool relu() const { return relu_; }
  bool residual() const { return residual_; }
  bool synchronized() const { return synchronized_; }
  absl::string_view kind() const override { return "batch_norm_backward"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;

 private:
  float epsilon_;
  bool relu_, residual_, synchronized_;
};

// (x, scale, shift, mean, variance[, residual]) -> y, with the given statistics; no gradient: it serves inference only.
class BatchNormInferenceOp : public Operator {
 public:
  BatchNormInferenceOp(float epsilon, bool relu) : epsilon_(epsilon), relu_(relu) {}
  float epsilon() const { return epsilon_; }
  bool relu() const { return relu_; }
  absl::string_view kind() const override { return "batch_norm_inference"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  bool MayOverwriteInput(int input) const override { return input == 0; }

 private:
  float epsilon_;
  bool relu_;
};

// (running [C], batch [C]) -> momentum * running + (1 - momentum) * correction * batch; `correction` is n / (n - 1) for
// variances, so that the kept one is unbiased. Used as a state update.
class MovingAverageOp : public Operator {
 public:
  MovingAverageOp(float momentum, float correction) : momentum_(momentum), correction_(correction) {}
  float momentum() const { return momentum_; }
  float correction() const { return correction_; }
  absl::string_view kind() const override { return "moving_average"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  bool MayOverwriteInput(int input) const override { return input == 0; }

 private:
  float momentum_, correction_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_BATCH_NORM_H_
