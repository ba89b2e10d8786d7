#include "core/ops/round.h"

#include "absl/strings/str_cat.h"
#include "core/gradient.h"

namespace espalier {

std::string RoundOp::Attributes() const { return absl::StrCat("to ", std::string(Name(grid_))); }

absl::StatusOr<std::vector<TensorType>> RoundOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 1));
  if (inputs[0].dtype != DType::kF32) {
    return absl::InvalidArgumentError(absl::StrCat("round expects f32, got ", inputs[0].ToString()));
  }
  return std::vector<TensorType>{inputs[0]};
}

void RoundOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                        const StepContext& /*step*/) const {
  const float* x = inputs[0].data<float>();
  float* y = outputs[0].data<float>();
  const int64_t count = inputs[0].elements();
  for (int64_t i = 0; i < count; ++i) {
    y[i] = grid_ == DType::kBF16 ? ToFloat(ToBFloat16(x[i])) : ToFloat(ToFloat16(x[i]));
  }
}

void RoundOp::Gradient(GradientContext* context) const { context->SetInputGradient(0, context->output_gradient()); }

}  // namespace espalier
