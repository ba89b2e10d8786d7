// Batch normalisation per channel (Ioffe and Szegedy 2015), optionally with a fused residual sum and ReLU, and the
// moving average that keeps its statistics. Statistics, scale and shift are f32 whatever the type of x.
#ifndef ESPALIER_CORE_OPS_BATCH_NORM_H_
#define ESPALIER_CORE_OPS_BATCH_NORM_H_

#include "core/operator.h"

namespace espalier {

// (x [N, C, ...], scale [C], shift [C][, residual like x]) -> (y like x, mean [C], variance [C] (biased)):
//   y = (x - mean) / sqrt(variance + epsilon) * scale + shift [+ residual], then max(y, 0) with `relu`.
class BatchNormTrainOp : public Operator {
 public:
  BatchNormTrainOp(float epsilon, bool relu) : epsilon_(epsilon), relu_(relu) {}
  float epsilon() const { return epsilon_; }
  bool relu() const { return relu_; }
  absl::string_view kind() const override { return "batch_norm_train"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;

 private:
  float epsilon_;
  bool relu_;
};

// (x, y, dy, mean, variance, scale) -> (dx like x, dscale [C], dshift [C][, dresidual like x with `residual`]).
// With `relu`, dy counts only where y > 0 (y is given only then: without `relu` the inputs are (x, dy, mean, variance,
// scale)); dresidual is that masked dy.
class BatchNormBackwardOp : public Operator {
 public:
  BatchNormBackwardOp(float epsilon, bool relu, bool residual) : epsilon_(epsilon), relu_(relu), residual_(residual) {}
  float epsilon() const { return epsilon_; }
  bool relu() const { return relu_; }
  bool residual() const { return residual_; }
  absl::string_view kind() const override { return "batch_norm_backward"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;

 private:
  float epsilon_;
  bool relu_, residual_;
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
