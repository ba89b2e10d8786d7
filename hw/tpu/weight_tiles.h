// How a layer's weights are cut into tiles.
#ifndef ESPALIER_HW_TPU_WEIGHT_TILES_H_
#define ESPALIER_HW_TPU_WEIGHT_TILES_H_

#include <vector>

#include "hw/tpu/network.h"

namespace espalier::tpu {

// What one tile multiplies: up to array_size successive channels of one source under one position of the window.
struct InputBlock {
  int source = 0;
  int64_t block = 0;          // of the source's columns, array_size each
  int64_t first_channel = 0;  // of all sources together
  int channels = 0;
  int kernel_y = 0, kernel_x = 0;
  WeightPlane plane = WeightPlane::kSigned8;
};

// All blocks of a layer, in the order in which they are summed. `source_columns`: each source's.
std::vector<InputBlock> InputBlocks(const Layer& layer, const std::vector<int64_t>& source_columns, int array_size);

// The tile of an input block and output columns [first, first + columns). Without bytes if the layer has no matrix.
WeightTile MakeTile(const Layer& layer, const InputBlock& block, int64_t first, int columns, int array_size);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_WEIGHT_TILES_H_
