#include "parallel/parameter_server_mode.h"

#include "proto/parallel.pb.h"

namespace espalier {

ParameterServerMode ModeOf(const ParameterServer& config) {
  ParameterServerMode result;
  result.servers = config.servers();
  switch (config.mode_case()) {
    case ParameterServer::kSynchronous:
    case ParameterServer::MODE_NOT_SET:
      break;
    case ParameterServer::kAsynchronous:
      result.mode = ServerMode::kAsynchronous;
      result.push_every = config.asynchronous().push_every();
      result.fetch_every = config.asynchronous().fetch_every();
      break;
    case ParameterServer::kBoundedStaleness:
      result.mode = ServerMode::kBoundedStaleness;
      result.staleness = config.bounded_staleness().staleness();
      break;
  }
  return result;
}

}  // namespace espalier
