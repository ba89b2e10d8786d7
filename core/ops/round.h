// Rounding to the grid of a narrower float type, in f32.
#ifndef ESPALIER_CORE_OPS_ROUND_H_
#define ESPALIER_CORE_OPS_ROUND_H_

#include "core/operator.h"

namespace espalier {

// x f32 -> f32, each value rounded to the nearest of `grid` (bf16 or f16), ties to even. The gradient passes straight
// through.
class RoundOp : public Operator {
 public:
  explicit RoundOp(DType grid) : grid_(grid) {}
  DType grid() const { return grid_; }
  absl::string_view kind() const override { return "round"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;
  bool MayOverwriteInput(int /*input*/) const override { return true; }

 private:
  DType grid_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_ROUND_H_
