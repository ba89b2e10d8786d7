// Softmax, losses and the counts that metrics need. A loss is a SUM over samples, so that a global mean over any number
// of shards is one division; label -1 marks a padding row, which counts nowhere.
#ifndef ESPALIER_CORE_OPS_LOSS_H_
#define ESPALIER_CORE_OPS_LOSS_H_

#include "core/operator.h"

namespace espalier {

// x [N, C, ...] -> softmax over dimension 1.
class SoftmaxOp : public Operator {
 public:
  absl::string_view kind() const override { return "softmax"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;
};

// (y, dy) -> dx = y (dy - sum_c y dy).
class SoftmaxBackwardOp : public Operator {
 public:
  absl::string_view kind() const override { return "softmax_backward"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
};

// (logits [N, C] of any float type, labels s32 [N]) -> (loss f32 scalar [], probabilities f32 [N, C]):
//   loss = -sum_n sum_c q log p,  q = (1 - smoothing) onehot + smoothing / C.
class SoftmaxCrossEntropyOp : public Operator {
 public:
  explicit SoftmaxCrossEntropyOp(float smoothing) : smoothing_(smoothing) {}
  float smoothing() const { return smoothing_; }
  absl::string_view kind() const override { return "softmax_cross_entropy"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;

 private:
  float smoothing_;
};

// (probabilities [N, C], labels [N], dloss scalar) -> dlogits of `dtype` = dloss (p - q); 0 in padding rows.
class SoftmaxCrossEntropyBackwardOp : public Operator {
 public:
  SoftmaxCrossEntropyBackwardOp(float smoothing, DType dtype) : smoothing_(smoothing), dtype_(dtype) {}
  float smoothing() const { return smoothing_; }
  absl::string_view kind() const override { return "softmax_cross_entropy_backward"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;

 private:
  float smoothing_;
  DType dtype_;
};

// (outputs [N, C], labels s32 [N]) -> f32 scalar: sum_n mean_c (outputs - onehot)^2.
class MeanSquaredErrorOp : public Operator {
 public:
  absl::string_view kind() const override { return "mean_squared_error"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;
};

// (outputs, labels, dloss) -> doutputs = 2 dloss / C (outputs - onehot); 0 in padding rows.
class MeanSquaredErrorBackwardOp : public Operator {
 public:
  absl::string_view kind() const override { return "mean_squared_error_backward"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
};

// (scores [N, C], labels s32 [N]) -> f32 [3]: rows with a label, rows whose label is the top score, rows whose label is
// among the top five. Ties go to the lower class; a NaN score is never right.
class CountCorrectOp : public Operator {
 public:
  absl::string_view kind() const override { return "count_correct"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_LOSS_H_
