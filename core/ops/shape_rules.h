// Checks that the operators' shape rules share. Each error names the operator, what was expected and what was found.
#ifndef ESPALIER_CORE_OPS_SHAPE_RULES_H_
#define ESPALIER_CORE_OPS_SHAPE_RULES_H_

#include <string>

#include "core/operator.h"

namespace espalier {

// Both float and of one element type; the shapes may differ.
absl::Status ExpectSameFloat(const Operator& op, const TensorType& a, const TensorType& b);
// Between `least` and `most` inputs.
absl::Status ExpectInputsBetween(const Operator& op, absl::Span<const TensorType> inputs, int least, int most);
// `data` must be float [N, C, ...].
absl::Status ExpectChannels(const Operator& op, const TensorType& data);
// `type` must be f32 [channels], one value per channel of `data`; `name` says what it is ("bias").
absl::Status ExpectPerChannel(const Operator& op, absl::string_view name, const TensorType& type, int64_t channels,
                              const TensorType& data);
// An attribute such as a stride, which must be at least `least` in both directions.
absl::Status ExpectAtLeast(const Operator& op, absl::string_view name, int64_t height, int64_t width, int64_t least);

// "3x5", height by width.
std::string HeightByWidth(int64_t height, int64_t width);

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_SHAPE_RULES_H_
