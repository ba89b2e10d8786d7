#include "core/gradient.h"

namespace espalier {

std::vector<ValueId> GradientContext::Emit(OperatorPtr op, std::vector<ValueId> inputs) {
  absl::StatusOr<std::vector<ValueId>> outputs = graph_->Add(std::move(op), std::move(inputs));
  CHECK(outputs.ok()) << "gradient of " << node_.op->kind() << ": " << outputs.status();
  return *std::move(outputs);
}

ValueId GradientContext::Emit1(OperatorPtr op, std::vector<ValueId> inputs) {
  const std::vector<ValueId> outputs = Emit(std::move(op), std::move(inputs));
  CHECK_EQ(outputs.size(), 1u) << "gradient of " << node_.op->kind();
  return outputs[0];
}

}  // namespace espalier
