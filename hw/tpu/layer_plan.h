// What the compiler fixes for a layer before it emits instructions: tiles, settings, chunks of rows.
#ifndef ESPALIER_HW_TPU_LAYER_PLAN_H_
#define ESPALIER_HW_TPU_LAYER_PLAN_H_

#include <vector>

#include "hw/tpu/network.h"
#include "hw/tpu/weight_tiles.h"

namespace espalier::tpu {

// Rows of a layer that go through the accumulators together.
struct Chunk {
  int64_t first = 0, rows = 0;
  int convolution = -1;  // its setting; -1: the layer has no window
};

struct LayerPlan {
  std::vector<InputBlock> inputs;
  std::vector<Chunk> chunks;
  int64_t output_blocks = 0;
  size_t first_tile = 0;        // [output_blocks, inputs]
  size_t first_activation = 0;  // [output_blocks]
};

// All layers' plans; adds their tiles and settings to the program. InvalidArgument as Compile.
absl::StatusOr<std::vector<LayerPlan>> PlanLayers(const Config& config, const Network& network,
                                                  const std::vector<LayerShape>& shapes, Program* program);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_LAYER_PLAN_H_
