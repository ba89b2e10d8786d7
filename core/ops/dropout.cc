#include "core/ops/dropout.h"

#include "absl/strings/str_cat.h"
#include "core/gradient.h"
#include "core/ops/reference_access.h"
#include "core/random.h"

namespace espalier {

std::string DropoutOp::Attributes() const { return absl::StrCat("rate ", rate_, " purpose ", purpose_); }

absl::StatusOr<std::vector<TensorType>> DropoutOp::InferTypes(absl::Span<const TensorType> inputs) const {
  RETURN_IF_ERROR(ExpectInputs(*this, inputs, 2));
  RETURN_IF_ERROR(ExpectFloat(*this, inputs[0]));
  if (inputs[0].shape.rank() < 1 || inputs[1] != TensorType{DType::kS32, {inputs[0].shape[0]}}) {
    return absl::InvalidArgumentError(absl::StrCat("dropout expects x [N, ...] and sample ids s32[N], got ",
                                                   inputs[0].ToString(), " and ", inputs[1].ToString()));
  }
  if (!(rate_ >= 0 && rate_ < 1)) {
    return absl::InvalidArgumentError(absl::StrCat("dropout expects a rate in [0, 1), got ", rate_));
  }
  return std::vector<TensorType>{inputs[0]};
}

void DropoutOp::Reference(absl::Span<const Tensor> inputs, absl::Span<const Tensor> outputs,
                          const StepContext& step) const {
  const FloatElements x(inputs[0]), y(outputs[0]);
  const Shape& shape = inputs[0].shape();
  const int64_t sample_elements = shape.Product(1, shape.rank());
  const float scale = 1 / (1 - rate_);
  for (int64_t n = 0; n < shape[0]; ++n) {
    const uint32_t sample_id = static_cast<uint32_t>(inputs[1].data<int32_t>()[n]);
    Random random(step.seed, purpose_, step.epoch, sample_id);
    for (int64_t i = n * sample_elements; i < (n + 1) * sample_elements; ++i) {
      y.Set(i, random.Uniform() >= rate_ ? x[i] * scale : 0);
    }
  }
}

void DropoutOp::Gradient(GradientContext* context) const {
  context->SetInputGradient(
      0, context->Emit1(std::make_shared<DropoutOp>(rate_, purpose_), {context->output_gradient(), context->input(1)}));
}

}  // namespace espalier
