#include "parallel/shard_tree.h"

namespace espalier {

bool IsShardNode(int shards, int begin, int end) {
  if (begin < 0 || begin >= end || end > shards) return false;
  int low = 0, high = shards;
  while (low != begin || high != end) {
    if (high - low == 1) return false;
    const int middle = ShardMiddle(low, high);
    if (end <= middle) {
      high = middle;
    } else if (begin >= middle) {
      low = middle;
    } else {
      return false;
    }
  }
  return true;
}

bool AreSiblings(int shards, int begin, int middle, int end) {
  return begin < middle && middle < end && ShardMiddle(begin, end) == middle && IsShardNode(shards, begin, end);
}

}  // namespace espalier
