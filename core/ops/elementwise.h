// Element-wise operators. Non-linearities whose gradient follows from the output alone keep y, not x.
#ifndef ESPALIER_CORE_OPS_ELEMENTWISE_H_
#define ESPALIER_CORE_OPS_ELEMENTWISE_H_

#include "core/operator.h"

namespace espalier {

// (a, b) -> a + b, then max(., 0) when `relu` is fused. Both of one type and shape.
class AddOp : public Operator {
 public:
  explicit AddOp(bool relu = false) : relu_(relu) {}
  bool relu() const { return relu_; }
  absl::string_view kind() const override { return relu_ ? "add_relu" : "add"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;
  bool MayOverwriteInput(int /*input*/) const override { return true; }

 private:
  bool relu_;
};

// (a, b) -> a * b.
class MultiplyOp : public Operator {
 public:
  absl::string_view kind() const override { return "multiply"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;
  bool MayOverwriteInput(int /*input*/) const override { return true; }
};

// (x, scalar f32) -> scalar * x.
class ScaleOp : public Operator {
 public:
  absl::string_view kind() const override { return "scale"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;  // towards x only
  bool MayOverwriteInput(int input) const override { return input == 0; }
};

enum class Activation { kRelu, kLeakyRelu, kSigmoid, kTanh };

// x -> f(x). `slope` is leaky ReLU's for x < 0 (it must be positive, so that y tells the sign of x).
class ActivationOp : public Operator {
 public:
  explicit ActivationOp(Activation function, float slope = 0) : function_(function), slope_(slope) {}
  Activation function() const { return function_; }
  float slope() const { return slope_; }
  absl::string_view kind() const override;  // "relu", "leaky_relu", "sigmoid", "tanh"
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;
  bool MayOverwriteInput(int /*input*/) const override { return true; }

 private:
  Activation function_;
  float slope_;
};

// (y, dy) -> dx: dy f'(x), with f' written in y.
class ActivationBackwardOp : public Operator {
 public:
  explicit ActivationBackwardOp(Activation function, float slope = 0) : function_(function), slope_(slope) {}
  Activation function() const { return function_; }
  float slope() const { return slope_; }
  absl::string_view kind() const override;  // "relu_backward", ...
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  bool MayOverwriteInput(int input) const override { return input == 1; }

 private:
  Activation function_;
  float slope_;
};

// x -> the same values in another float type, rounded to nearest even. Its gradient is cast back to x's type; a
// gradient that already has it passes through.
class CastOp : public Operator {
 public:
  explicit CastOp(DType dtype) : dtype_(dtype) {}
  DType dtype() const { return dtype_; }
  absl::string_view kind() const override { return "cast"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;

 private:
  DType dtype_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_ELEMENTWISE_H_
