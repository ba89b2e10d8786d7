// From a network to a program.
//
// Tiling. A layer's outputs are cut into blocks of array_size columns, its inputs into blocks of array_size channels
// for each position of the window, its rows (batch x output pixels) into chunks of at most half the accumulators, so
// that one half is multiplied into while the other is activated. For each chunk and output block, the input blocks'
// tiles are read and multiplied one after another into the same accumulators. A tile is fetched again for each chunk,
// unless it is its block's only one. Chunks are whole images where these fit, so that the next layer can begin with the
// first images.
//
// Unified buffer. A layer's inputs stay until its last reader is compiled. What does not fit is an error.
#ifndef ESPALIER_HW_TPU_COMPILER_H_
#define ESPALIER_HW_TPU_COMPILER_H_

#include "hw/tpu/network.h"

namespace espalier::tpu {

// InvalidArgument: a layer that is wrong or too large for an instruction's fields, a memory that is too small.
absl::StatusOr<Program> Compile(const Config& config, const Network& network);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_COMPILER_H_
