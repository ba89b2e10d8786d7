// Numbers from a file that must all be finite.
#ifndef ESPALIER_CORE_CHECK_FINITE_H_
#define ESPALIER_CORE_CHECK_FINITE_H_

#include "absl/strings/string_view.h"
#include "core/status.h"
#include "core/tensor.h"

namespace espalier {

// InvalidArgument that names the tensor (f32) and its first element that is infinite or NaN.
absl::Status CheckFinite(absl::string_view name, const Tensor& tensor);

}  // namespace espalier

#endif  // ESPALIER_CORE_CHECK_FINITE_H_
