// Vectorised dropout: a whole vector of Philox counters at a time, the same bits as the reference.
#ifndef ESPALIER_CORE_KERNELS_DROPOUT_KERNELS_H_
#define ESPALIER_CORE_KERNELS_DROPOUT_KERNELS_H_

#include <cstdint>

#include "core/dtype.h"

namespace espalier {

// What keys the mask, beside a sample's id and an element's position.
struct DropoutStream {
  uint64_t seed;
  uint32_t purpose;  // PurposeId
  uint32_t epoch;
};

// x [samples, elements] -> y: x / (1 - rate) where kept, else 0. May run in place.
void Dropout(DType dtype, const void* x, const int32_t* sample_ids, int64_t samples, int64_t elements, float rate,
             const DropoutStream& stream, void* y);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_DROPOUT_KERNELS_H_
