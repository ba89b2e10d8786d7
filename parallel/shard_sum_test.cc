#include "parallel/shard_sum.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "parallel/shard_tree.h"

namespace espalier {
namespace {

constexpr int kElements = 19;

// The slow twin: the tree as its definition says.
std::vector<float> Sum(const std::vector<std::vector<float>>& leaves, int begin, int end) {
  if (end - begin == 1) return leaves[begin];
  const int middle = ShardMiddle(begin, end);
  std::vector<float> left = Sum(leaves, begin, middle);
  const std::vector<float> right = Sum(leaves, middle, end);
  for (int i = 0; i < kElements; ++i) left[i] += right[i];
  return left;
}

TEST(ShardSum, AnyOrderOfAnyNodesGivesTheBitsOfTheTree) {
  for (int shards : {1, 2, 3, 5, 8, 13, 16}) {
    Random random(1, "leaves", 0, shards);
    std::vector<std::vector<float>> leaves(shards, std::vector<float>(kElements));
    for (auto& leaf : leaves) {
      for (float& value : leaf) value = random.Normal();
    }
    for (int ranks = 1; ranks <= shards; ++ranks) {
      std::vector<ShardNode> nodes;
      for (int rank = 0; rank < ranks; ++rank) {
        for (const ShardNode& node :
             ShardNodes(shards, ShardBegin(shards, rank, ranks), ShardBegin(shards, rank + 1, ranks))) {
          nodes.push_back(node);
        }
      }
      ShardSum sum(shards);
      std::vector<std::vector<float>> spare;
      for (int round = 0; round < 3; ++round) {
        for (size_t i = 0; i < nodes.size(); ++i) {
          EXPECT_FALSE(sum.complete());
          const ShardNode& node = nodes[PermutedIndex(i, nodes.size(), round, "order", ranks)];
          sum.Add(node.begin, node.end, Sum(leaves, node.begin, node.end), &spare);
        }
        ASSERT_TRUE(sum.complete());
        EXPECT_EQ(sum.Take(), Sum(leaves, 0, shards)) << shards << " shards on " << ranks;
        EXPECT_EQ(spare.size(), (round + 1) * (nodes.size() - 1));
      }
    }
  }
}

TEST(ShardSumDeathTest, RefusesShardsTwiceAndWhatIsNoNode) {
  std::vector<std::vector<float>> spare;
  ShardSum sum(8);
  sum.Add(2, 4, {1}, &spare);
  EXPECT_DEATH(sum.Add(3, 4, {1}, &spare), "3 to 4 twice");
  EXPECT_DEATH(sum.Add(0, 4, {1}, &spare), "0 to 4 twice");
  EXPECT_DEATH(sum.Add(5, 7, {1}, &spare), "5 to 7 of 8");
}

}  // namespace
}  // namespace espalier
