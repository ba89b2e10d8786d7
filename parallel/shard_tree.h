// The fixed binary tree along which values of shards are summed. Its shape depends on the number of shards alone, so a
// sum has the same bits whoever adds which part of it. (Summation by a fixed tree over ranks of any number: Villa et
// al., "Effects of floating-point non-associativity on numerical computations on massively multithreaded systems",
// 2009.)
//
// The node of shards [begin, end) with end - begin > 1 has the children [begin, middle) and [middle, end), where
// middle - begin is the largest power of two below end - begin. So the children of an aligned power of two are halves,
// and ranks with a power of two of shards each hold whole nodes.
#ifndef ESPALIER_PARALLEL_SHARD_TREE_H_
#define ESPALIER_PARALLEL_SHARD_TREE_H_

#include <vector>

namespace espalier {

// Shards of rank `rank` of `ranks`: [ShardBegin(rank), ShardBegin(rank + 1)). All ranks together have them all; counts
// differ by at most one.
constexpr int ShardBegin(int shards, int rank, int ranks) {
  return static_cast<int>(static_cast<long long>(shards) * rank / ranks);
}

constexpr int ShardMiddle(int begin, int end) {
  int half = 1;
  while (2 * half < end - begin) half *= 2;
  return begin + half;
}

// Whether [begin, end) is a node of the tree over `shards` shards.
bool IsShardNode(int shards, int begin, int end);

// Whether [begin, middle) and [middle, end) are the two children of a node of that tree.
bool AreSiblings(int shards, int begin, int middle, int end);

struct ShardNode {
  int begin = 0, end = 0;
};

// The greatest nodes of the tree that together are the shards [begin, end), ascending.
std::vector<ShardNode> ShardNodes(int shards, int begin, int end);

// values[to] += values[from].
struct Addition {
  int to = 0, from = 0;
};

// What turns values of `nodes`, which follow each other and make up the whole tree over `shards` shards, into their sum
// along the tree: the last addition leaves it in values[0].
std::vector<Addition> AdditionsAlongTree(int shards, const std::vector<ShardNode>& nodes);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_SHARD_TREE_H_
