// The vector kernels of the update and of the gradients' norm, for one thread. The widest vectors that the processor
// has are chosen at run time; the results are the same bits for every width.
#ifndef ESPALIER_OPTIM_UPDATE_KERNELS_H_
#define ESPALIER_OPTIM_UPDATE_KERNELS_H_

#include "optim/update.h"

namespace espalier {

// Formulas: update.h. Plain twin: ReferenceUpdate().
void Update(UpdateKind kind, const UpdateConstants& constants, const UpdateRange& range);

// Plain twin, and the order of summation: ReferenceSumOfSquares().
double SumOfSquares(const float* values, int64_t count);

}  // namespace espalier

#endif  // ESPALIER_OPTIM_UPDATE_KERNELS_H_
