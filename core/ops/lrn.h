// Local response normalisation across channels (Krizhevsky et al. 2012).
#ifndef ESPALIER_CORE_OPS_LRN_H_
#define ESPALIER_CORE_OPS_LRN_H_

#include "core/operator.h"

namespace espalier {

struct LrnAttributes {
  int64_t size = 5;
  float alpha = 1e-4f, beta = 0.75f, k = 1;

  std::string ToString() const;
};

// x [N, C, H, W] -> y = x / (k + alpha / size * sum x_j^2)^beta, the sum over the `size` channels centred on each.
class LrnOp : public Operator {
 public:
  explicit LrnOp(LrnAttributes attributes) : attributes_(attributes) {}
  const LrnAttributes& attributes() const { return attributes_; }
  absl::string_view kind() const override { return "lrn"; }
  std::string Attributes() const override { return attributes_.ToString(); }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;
  void Gradient(GradientContext* context) const override;

 private:
  LrnAttributes attributes_;
};

// (x, dy) -> dx; the normaliser is computed again from x.
class LrnBackwardOp : public Operator {
 public:
  explicit LrnBackwardOp(LrnAttributes attributes) : attributes_(attributes) {}
  const LrnAttributes& attributes() const { return attributes_; }
  absl::string_view kind() const override { return "lrn_backward"; }
  std::string Attributes() const override { return attributes_.ToString(); }
  absl::StatusOr<std::vector<TensorType>> InferTypes(absl::Span<const TensorType> inputs) const override;
  Cost CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const override;
  void Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                 const StepContext& step) const override;

 private:
  LrnAttributes attributes_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_LRN_H_
