// The plain scalar twins of the kernels in update_kernels.h, which must equal them bit for bit.
#ifndef ESPALIER_OPTIM_REFERENCE_H_
#define ESPALIER_OPTIM_REFERENCE_H_

#include "optim/update.h"

namespace espalier {

void ReferenceUpdate(UpdateKind kind, const UpdateConstants& constants, const UpdateRange& range);

// Sum of the squares of `count` floats in f64, in the order that kSumLanes describes; infinite or NaN if and only if an
// element is.
double ReferenceSumOfSquares(const float* values, int64_t count);

}  // namespace espalier

#endif  // ESPALIER_OPTIM_REFERENCE_H_
