// The sums in the middle of synchronised batch norm, over messages: every rank gets every rank's values, in
// ceil(log2(ranks)) rounds (Bruck et al. 1997, "Efficient algorithms for all-to-all communications in multiport
// message-passing systems"), and adds them in the order of the ranks.
#ifndef ESPALIER_PARALLEL_CHANNEL_REDUCER_H_
#define ESPALIER_PARALLEL_CHANNEL_REDUCER_H_

#include <functional>
#include <vector>

#include "core/channel_reducer.h"
#include "parallel/activity.h"
#include "parallel/communicator.h"

namespace espalier {

class CommunicatorChannelReducer : public ChannelReducer {
 public:
  // `communicator` has just the ranks that train; it and `activity`, which may be null, must outlive this.
  // `while_waiting`, which may be empty, moves on what else is under way (DataParallel::Progress).
  CommunicatorChannelReducer(Communicator* communicator, Activity* activity, std::function<void()> while_waiting = {})
      : communicator_(communicator), activity_(activity), while_waiting_(std::move(while_waiting)) {}

  void AllReduce(double* values, int64_t count) override;

 private:
  void Wait(Request* request);

  Communicator* communicator_;
  Activity* activity_;
  std::function<void()> while_waiting_;
  // By distance: the values of rank (rank() + distance) % size().
  std::vector<double> gathered_;
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_CHANNEL_REDUCER_H_
