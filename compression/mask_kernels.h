// The vector kernel of masks, for one thread: a bit decides on a float.
#ifndef ESPALIER_COMPRESSION_MASK_KERNELS_H_
#define ESPALIER_COMPRESSION_MASK_KERNELS_H_

#include <cstdint>

namespace espalier {

// values[i] becomes `value` where bit i of `bits` is 0; all others keep every bit. Bit i is bit i % 8 of byte i / 8;
// at least 8 * ceil(count / 64) bytes must be readable. Plain twin: ReferenceFillMasked().
void FillMasked(const uint8_t* bits, int64_t count, float value, float* values);
void ReferenceFillMasked(const uint8_t* bits, int64_t count, float value, float* values);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_MASK_KERNELS_H_
