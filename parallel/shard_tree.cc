#include "parallel/shard_tree.h"

#include <algorithm>

#include "glog/logging.h"

namespace espalier {
namespace {

void CollectNodes(const ShardNode& node, int begin, int end, std::vector<ShardNode>* nodes) {
  if (node.end <= begin || node.begin >= end) return;
  if (node.begin >= begin && node.end <= end) {
    nodes->push_back(node);
    return;
  }
  const int middle = ShardMiddle(node.begin, node.end);
  CollectNodes({node.begin, middle}, begin, end, nodes);
  CollectNodes({middle, node.end}, begin, end, nodes);
}

}  // namespace

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

std::vector<ShardNode> ShardNodes(int shards, int begin, int end) {
  std::vector<ShardNode> nodes;
  CollectNodes({0, shards}, begin, end, &nodes);
  return nodes;
}

std::vector<Addition> AdditionsAlongTree(int shards, const std::vector<ShardNode>& nodes) {
  struct Sum {
    ShardNode node;
    int place;
  };
  std::vector<Addition> additions;
  std::vector<Sum> sums;
  for (int place = 0; place < static_cast<int>(nodes.size()); ++place) {
    sums.push_back({nodes[place], place});
    while (sums.size() >= 2) {
      Sum& left = sums[sums.size() - 2];
      const Sum& right = sums.back();
      CHECK_EQ(left.node.end, right.node.begin);
      if (!AreSiblings(shards, left.node.begin, right.node.begin, right.node.end)) break;
      additions.push_back({left.place, right.place});
      left.node.end = right.node.end;
      sums.pop_back();
    }
  }
  CHECK(sums.size() == 1 && sums[0].node.begin == 0 && sums[0].node.end == shards);
  return additions;
}

}  // namespace espalier
