#include "core/ops/shape_rules.h"

#include "absl/strings/str_cat.h"

namespace espalier {

absl::Status ExpectSameFloat(const Operator& op, const TensorType& a, const TensorType& b) {
  RETURN_IF_ERROR(ExpectFloat(op, a));
  if (a.dtype == b.dtype) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(op.kind(), " expects inputs of one element type, got ", a.ToString(), " and ", b.ToString()));
}

absl::Status ExpectInputsBetween(const Operator& op, absl::Span<const TensorType> inputs, int least, int most) {
  const int count = static_cast<int>(inputs.size());
  if (count >= least && count <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(op.kind(), " takes ", least, " to ", most, " inputs, got ", count));
}

absl::Status ExpectChannels(const Operator& op, const TensorType& data) {
  RETURN_IF_ERROR(ExpectFloat(op, data));
  if (data.shape.rank() >= 2) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(op.kind(), " expects at least 2 dimensions [N, C, ...], got ", data.ToString()));
}

absl::Status ExpectPerChannel(const Operator& op, absl::string_view name, const TensorType& type, int64_t channels,
                              const TensorType& data) {
  const TensorType expected{DType::kF32, {channels}};
  if (type == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(op.kind(), " expects ", name, " ", expected.ToString(), " beside ",
                                                 data.ToString(), ", got ", type.ToString()));
}

absl::Status ExpectAtLeast(const Operator& op, absl::string_view name, int64_t height, int64_t width, int64_t least) {
  if (height >= least && width >= least) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(op.kind(), ": ", name, " must be at least ", least, ", got ", HeightByWidth(height, width)));
}

std::string HeightByWidth(int64_t height, int64_t width) { return absl::StrCat(height, "x", width); }

}  // namespace espalier
