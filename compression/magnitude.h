// Which weights are the smallest.
#ifndef ESPALIER_COMPRESSION_MAGNITUDE_H_
#define ESPALIER_COMPRESSION_MAGNITUDE_H_

#include "absl/types/span.h"
#include "compression/mask.h"

namespace espalier {

struct MaskedWeights {
  const float* weights;  // mask->elements() of them
  Mask* mask;
};

// Masks the weights of smallest magnitude among all parts, until `count` are masked, those included that were before.
// Of equal ones the first go first, in the order of the parts; NaN is larger than all else. If more than `count` are
// masked already, nothing changes. The masks depend on weights and masks alone. O(number of weights).
void MaskSmallest(absl::Span<const MaskedWeights> parts, int64_t count);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_MAGNITUDE_H_
