// Values of shards for tests of what sums them, and their sum as one would write it down.
#ifndef ESPALIER_PARALLEL_TESTING_SHARD_VALUES_H_
#define ESPALIER_PARALLEL_TESTING_SHARD_VALUES_H_

#include <cstdint>
#include <deque>
#include <vector>

#include "parallel/data_parallel.h"

namespace espalier {

// Of one shard: a function of (seed, shard, position), uniform times 2^k with varying k, so that the order of
// additions shows in the sum.
std::vector<float> ShardValues(uint64_t seed, int shard, int64_t elements);

// The sum over shards [begin, end), a node of the tree over any number of shards: that of the first child plus that of
// the second.
std::vector<float> TreeSum(uint64_t seed, int begin, int end, int64_t elements);

// The partial sums that worker `worker` of `workers` brings to a step, in memory of their own.
struct WorkerSums {
  WorkerSums(uint64_t seed, int shards, int worker, int workers, int64_t elements);
  std::deque<std::vector<float>> memory;
  std::vector<PartialSum> sums;
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_TESTING_SHARD_VALUES_H_
