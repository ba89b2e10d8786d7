#include "core/operator.h"

#include "absl/strings/str_cat.h"

namespace espalier {

std::string TensorType::ToString() const { return absl::StrCat(Name(dtype), shape.ToString()); }

int64_t TrafficBytes(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) {
  int64_t bytes = 0;
  for (const TensorType& type : inputs) bytes += type.bytes();
  for (const TensorType& type : outputs) bytes += type.bytes();
  return bytes;
}

Cost Operator::CostOf(absl::Span<const TensorType> inputs, absl::Span<const TensorType> outputs) const {
  return {0, 0, TrafficBytes(inputs, outputs)};
}

void Operator::Gradient(GradientContext* /*context*/) const {}

absl::Status ExpectInputs(const Operator& op, absl::Span<const TensorType> inputs, int count) {
  if (static_cast<int>(inputs.size()) == count) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(op.kind(), " takes ", count, " inputs, got ", inputs.size()));
}

absl::Status ExpectRank(const Operator& op, const TensorType& type, int rank) {
  if (type.shape.rank() == rank) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(op.kind(), " expects ", rank, " dimensions, got ", type.shape.ToString()));
}

absl::Status ExpectSameType(const Operator& op, const TensorType& a, const TensorType& b) {
  if (a == b) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(op.kind(), " expects inputs of equal shape and type, got ", a.ToString(), " and ", b.ToString()));
}

absl::Status ExpectFloat(const Operator& op, const TensorType& type) {
  if (IsFloat(type.dtype)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(op.kind(), " expects elements of type f32, bf16 or f16, got ", type.ToString()));
}

}  // namespace espalier
