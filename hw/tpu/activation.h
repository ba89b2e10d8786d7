// The arithmetic of the activation unit, and how activations stand in memory.
#ifndef ESPALIER_HW_TPU_ACTIVATION_H_
#define ESPALIER_HW_TPU_ACTIVATION_H_

#include <cstdint>
#include <vector>

#include "hw/tpu/program.h"

namespace espalier::tpu {

struct ValueRange {
  int32_t least = 0, greatest = 0;
};
ValueRange RangeOf(ActivationType type);

// The narrowest type that holds both; 16 bits if none does. CHECKs that 16 bits do.
ActivationType TypeFor(int32_t least, int32_t greatest);

// What becomes of a sum in `column` of the setting's block: bias, requantization, nonlinearity.
int32_t ActivateValue(const ActivationSetting& setting, int64_t column, int64_t sum);

// Value `column` of a vector that begins at `vector`, whose planes are array_size bytes apart.
int32_t LoadActivation(const uint8_t* vector, ActivationType type, int64_t array_size, int64_t column);
void StoreActivation(int32_t value, uint8_t* vector, ActivationType type, int64_t array_size, int64_t column);

// All of a vector's first `columns` values at once. Storing makes the rest zero.
void LoadVector(const uint8_t* vector, ActivationType type, int64_t array_size, int64_t columns, int16_t* values);
void StoreVector(const int16_t* values, int64_t columns, uint8_t* vector, ActivationType type, int64_t array_size);

// ActivateValue of successive columns from 0 on.
void ActivateSums(const ActivationSetting& setting, const int32_t* sums, int16_t* values);

// Values [block.vectors, block.columns], row-major, to and from the block's rows, which begin at `rows`. Columns beyond
// the block's are zero.
void PackActivations(const ActivationBlock& block, int64_t array_size, const int16_t* values, uint8_t* rows);
void UnpackActivations(const ActivationBlock& block, int64_t array_size, const uint8_t* rows, int16_t* values);

// The window of a pool: input rows [begin_y, end_y) x [begin_x, end_x) of the map of output row `row`.
struct PoolWindow {
  int64_t first_row = 0;  // the map's
  int begin_y = 0, end_y = 0, begin_x = 0, end_x = 0;
};
PoolWindow PoolWindowOf(const Pool& pool, int64_t row);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_ACTIVATION_H_
