// The parameter server: ranks that hold the weights, each a range of them, and update them by the gradients that
// workers push (Dean et al., "Large scale distributed deep networks", 2012).
//
// Of the world's ranks the last `servers` are servers, the others workers. A server learns everything from messages: it
// needs neither job nor graph nor data.
#ifndef ESPALIER_PARALLEL_PARAMETER_SERVER_H_
#define ESPALIER_PARALLEL_PARAMETER_SERVER_H_

#include "core/status.h"
#include "parallel/activity.h"
#include "parallel/communicator.h"

namespace espalier {

// A server rank's whole life: returns when the workers are done (ParameterServerClient::Finish). Called by all servers
// while all workers create their clients: both split the world first. `activity` may be null.
absl::Status ServeParameters(Communicator& world, int servers, Activity* activity);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_PARAMETER_SERVER_H_
