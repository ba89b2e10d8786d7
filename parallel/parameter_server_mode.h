// When parameter servers update, and how long workers wait: proto/parallel.proto, ParameterServer, as plain numbers.
#ifndef ESPALIER_PARALLEL_PARAMETER_SERVER_MODE_H_
#define ESPALIER_PARALLEL_PARAMETER_SERVER_MODE_H_

#include <cstdint>

namespace espalier {

class ParameterServer;  // the message of proto/parallel.proto

enum class ServerMode : int32_t { kSynchronous, kAsynchronous, kBoundedStaleness };

struct ParameterServerMode {
  int servers = 1;
  ServerMode mode = ServerMode::kSynchronous;
  int staleness = 0;                    // kBoundedStaleness
  int push_every = 1, fetch_every = 1;  // kAsynchronous
};

ParameterServerMode ModeOf(const ParameterServer& config);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_PARAMETER_SERVER_MODE_H_
