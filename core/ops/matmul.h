// Matrix product, and the per-channel bias.
#ifndef ESPALIER_CORE_OPS_MATMUL_H_
#define ESPALIER_CORE_OPS_MATMUL_H_

#include "core/operator.h"

namespace espalier {

// (a, b[, bias f32 [N]]) -> op(a) op(b) + bias, [M, N]; op transposes its matrix or not; then max(., 0) when `relu` is
// fused. The output has a's type, or f32 with `f32_output` (weight gradients). Accumulates in f32.
class MatMulOp : public Operator {
 public:
  MatMulOp(bool transpose_a, bool transpose_b, bool relu = false, bool f32_output = false)
      : transpose_a_(transpose_a), transpose_b_(transpose_b), relu_(relu), f32_output_(f32_output) {}
  bool transpose_a() const { return transpose_a_; }
  bool transpose_b() const { return transpose_b_; }
  bool relu() const { return relu_; }
  bool f32_output() const { return f32_output_; }

  absl::string_view kind() const override { return "matmul"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  // b's gradient is f32: b is a weight, or a cast of one (whose rule passes an f32 gradient through).
  void Gradient(GradientContext* context) const override;

 private:
  bool transpose_a_, transpose_b_, relu_, f32_output_;
};

// (x [N, C, ...], bias f32 [C]) -> x + bias per channel, of x's type.
class BiasAddOp : public Operator {
 public:
  absl::string_view kind() const override { return "bias_add"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;
  bool MayOverwriteInput(int input) const override { return input == 0; }
};

// dy [N, C, ...] -> f32 [C]: the sum over all other dimensions.
class BiasGradientOp : public Operator {
 public:
  absl::string_view kind() const override { return "bias_gradient"; }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_MATMUL_H_
