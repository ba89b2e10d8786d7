// Ranks that are threads of one process, for tests: what a job of many ranks computes, without starting one.
//
// Stricter than the real thing wherever the contract of parallel/communicator.h allows it: messages with different tags
// overtake each other, and a sent message may wait in its sender's memory until it is received.
#ifndef ESPALIER_PARALLEL_THREAD_COMMUNICATOR_H_
#define ESPALIER_PARALLEL_THREAD_COMMUNICATOR_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "parallel/communicator.h"

namespace espalier {

struct ThreadRankOptions {
  // A message can be received only after its receiver has looked for messages a random number of times, from 0 to this,
  // since it was sent. The order of (source, destination, tag) is kept.
  int maximum_delay = 0;
  // Of the delays, and of which messages wait in their sender's memory (without delays: those over 4 KiB).
  uint64_t seed = 1;
};

// One for each of `ranks` threads that the caller starts.
std::vector<std::unique_ptr<Communicator>> MakeThreadCommunicators(int ranks, const ThreadRankOptions& options = {});

// Calls `body` on a thread of its own for each rank; returns when all have returned.
void RunRanks(int ranks, const ThreadRankOptions& options, const std::function<void(Communicator&)>& body);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_THREAD_COMMUNICATOR_H_
