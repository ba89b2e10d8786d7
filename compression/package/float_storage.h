// Floats as little-endian bytes in one of the three float types.
#ifndef ESPALIER_COMPRESSION_PACKAGE_FLOAT_STORAGE_H_
#define ESPALIER_COMPRESSION_PACKAGE_FLOAT_STORAGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/dtype.h"

namespace espalier {

// Neither infinite nor NaN. (The 16-bit types do not keep all NaNs apart, and no network computes with them.)
bool AllFinite(absl::Span<const float> values);
// Whether every value, all of them finite, comes back with the same bits.
bool StoredExactly(absl::Span<const float> values, DType dtype);
// The smallest type that stores the values exactly; of the 16-bit ones, F16 first.
DType SmallestExactType(absl::Span<const float> values);

// values.size() * SizeOf(dtype) bytes.
std::string StoreFloats(absl::Span<const float> values, DType dtype);
// `bytes` has SizeOf(dtype) for each of `values`.
void LoadFloats(absl::string_view bytes, DType dtype, absl::Span<float> values);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_FLOAT_STORAGE_H_
