#include "core/check_finite.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace espalier {

absl::Status CheckFinite(absl::string_view name, const Tensor& tensor) {
  const absl::Span<const float> values = tensor.span<float>();
  const auto bad = std::find_if_not(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  if (bad == values.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": element ", bad - values.begin(), ": expected a finite number, found ", *bad));
}

}  // namespace espalier
