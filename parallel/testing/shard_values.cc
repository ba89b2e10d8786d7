#include "parallel/testing/shard_values.h"

#include <cmath>

#include "core/random.h"
#include "parallel/shard_tree.h"

namespace espalier {

std::vector<float> ShardValues(uint64_t seed, int shard, int64_t elements) {
  Random random(seed, "shard", 0, shard);
  std::vector<float> values(elements);
  for (float& value : values) {
    value = std::ldexp(random.Uniform(-1, 1), static_cast<int>(random.Below(9)) - 6);
  }
  return values;
}

std::vector<float> TreeSum(uint64_t seed, int begin, int end, int64_t elements) {
  if (end - begin == 1) return ShardValues(seed, begin, elements);
  const int middle = ShardMiddle(begin, end);
  std::vector<float> sum = TreeSum(seed, begin, middle, elements);
  const std::vector<float> second = TreeSum(seed, middle, end, elements);
  for (int64_t i = 0; i < elements; ++i) sum[i] += second[i];
  return sum;
}

WorkerSums::WorkerSums(uint64_t seed, int shards, int worker, int workers, int64_t elements) {
  for (const ShardNode& node :
       ShardNodes(shards, ShardBegin(shards, worker, workers), ShardBegin(shards, worker + 1, workers))) {
    memory.push_back(TreeSum(seed, node.begin, node.end, elements));
    sums.push_back({node.begin, node.end, memory.back().data()});
  }
}

}  // namespace espalier
