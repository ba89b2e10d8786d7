// Networks that the scaling model knows by name, with published figures.
#ifndef ESPALIER_PARALLEL_SCALING_NETWORKS_H_
#define ESPALIER_PARALLEL_SCALING_NETWORKS_H_

#include <string>
#include <vector>

#include "parallel/scaling_model.h"

namespace espalier {

struct NamedNetwork {
  std::string name;   // "hdr"
  std::string label;  // "HDR InfiniBand"
  Transport transport;
};

// From the slowest to the fastest.
const std::vector<NamedNetwork>& Networks();

// Round figures for a server's cores: ranks of one host that exchange messages through its memory, and what a rank's
// core reads and writes a second. parallel/scaling_fit.h finds a machine's own.
Transport SharedMemory();
double MemoryBytesPerSecond();

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_SCALING_NETWORKS_H_
