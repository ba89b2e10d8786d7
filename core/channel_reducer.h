// Sums over all ranks in the middle of a kernel: how synchronised batch norm sees the global batch. What stands behind
// it is in parallel/channel_reducer.h; a step without one (StepContext) computes on this rank's rows alone.
#ifndef ESPALIER_CORE_CHANNEL_REDUCER_H_
#define ESPALIER_CORE_CHANNEL_REDUCER_H_

#include <cstdint>

namespace espalier {

class ChannelReducer {
 public:
  virtual ~ChannelReducer() = default;
  // Replaces each value by its sum over the ranks, added in their order: all ranks get the same bits. Returns once all
  // ranks have called it; they make the same calls with the same counts. Called from the thread that runs the executor,
  // outside of parallel regions. Allocates nothing once it has seen the largest count.
  virtual void AllReduce(double* values, int64_t count) = 0;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_CHANNEL_REDUCER_H_
