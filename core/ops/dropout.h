// Dropout (Srivastava et al. 2014), inverted: nothing happens at inference.
#ifndef ESPALIER_CORE_OPS_DROPOUT_H_
#define ESPALIER_CORE_OPS_DROPOUT_H_

#include "core/operator.h"

namespace espalier {

// (x [N, ...], sample_ids s32 [N]) -> x * mask / (1 - rate). The mask is a function of (seed, purpose, epoch, sample
// id, position) alone (Philox, four elements a block), so the backward operator draws it again instead of storing it.
// The gradient towards x is the same operator on dy.
class DropoutOp : public Operator {
 public:
  DropoutOp(float rate, std::string purpose) : rate_(rate), purpose_(std::move(purpose)) {}
  float rate() const { return rate_; }
  const std::string& purpose() const { return purpose_; }
  absl::string_view kind() const override { return "dropout"; }
  std::string Attributes() const override;
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;
  bool MayOverwriteInput(int input) const override { return input == 0; }

 private:
  float rate_;
  std::string purpose_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_DROPOUT_H_
