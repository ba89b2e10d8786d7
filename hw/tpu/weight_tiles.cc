#include "hw/tpu/weight_tiles.h"

#include <algorithm>

namespace espalier::tpu {
namespace {

bool IsWide(const Layer& layer) {
  if (layer.matrix == nullptr) return layer.wide_weights;
  const std::vector<int16_t>& weights = layer.matrix->weights;
  return std::any_of(weights.begin(), weights.end(), [](int16_t weight) { return weight < -128 || weight > 127; });
}

}  // namespace

std::vector<InputBlock> InputBlocks(const Layer& layer, const std::vector<int64_t>& source_columns, int array_size) {
  const std::vector<WeightPlane> planes = IsWide(layer)
                                              ? std::vector<WeightPlane>{WeightPlane::kLow, WeightPlane::kHigh}
                                              : std::vector<WeightPlane>{WeightPlane::kSigned8};
  std::vector<InputBlock> blocks;
  int64_t first_channel = 0;
  for (size_t source = 0; source < source_columns.size(); ++source) {
    for (int64_t first = 0; first < source_columns[source]; first += array_size) {
      InputBlock block;
      block.source = static_cast<int>(source);
      block.block = first / array_size;
      block.first_channel = first_channel + first;
      block.channels = static_cast<int>(std::min<int64_t>(array_size, source_columns[source] - first));
      for (block.kernel_y = 0; block.kernel_y < layer.kernel_height; ++block.kernel_y) {
        for (block.kernel_x = 0; block.kernel_x < layer.kernel_width; ++block.kernel_x) {
          for (const WeightPlane plane : planes) {
            block.plane = plane;
            blocks.push_back(block);
          }
        }
      }
    }
    first_channel += source_columns[source];
  }
  return blocks;
}

WeightTile MakeTile(const Layer& layer, const InputBlock& block, int64_t first, int columns, int array_size) {
  WeightTile tile;
  tile.rows = block.channels;
  tile.columns = columns;
  if (layer.matrix == nullptr) return tile;
  tile.bytes.resize(int64_t{array_size} * array_size);
  const int64_t window = int64_t{layer.kernel_height} * layer.kernel_width;
  const int64_t position = int64_t{block.kernel_y} * layer.kernel_width + block.kernel_x;
  for (int column = 0; column < columns; ++column) {
    const int16_t* weights = &layer.matrix->weights[(first + column) * layer.matrix->columns];
    for (int row = 0; row < block.channels; ++row) {
      const int weight = weights[(block.first_channel + row) * window + position];
      tile.bytes[int64_t{row} * array_size + column] =
          static_cast<uint8_t>(block.plane == WeightPlane::kHigh ? weight >> 8 : weight);
    }
  }
  return tile;
}

}  // namespace espalier::tpu
