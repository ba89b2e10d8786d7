// How activations lie in memory, as kernels over channels see it.
#ifndef ESPALIER_CORE_KERNELS_CHANNEL_GEOMETRY_H_
#define ESPALIER_CORE_KERNELS_CHANNEL_GEOMETRY_H_

#include <cstdint>

namespace espalier {

// Activations seen as [batch, blocks, spatial, block]; block is 1 (plain), 8 or 16. Channels beyond `channels` are
// padding, which reductions skip and broadcasts fill with zeros.
struct ChannelGeometry {
  int64_t batch, channels, spatial, block;
  int64_t blocks() const { return (channels + block - 1) / block; }
  int64_t padded_channels() const { return blocks() * block; }
};

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_CHANNEL_GEOMETRY_H_
