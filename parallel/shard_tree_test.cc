#include "parallel/shard_tree.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace espalier {
namespace {

void Collect(int begin, int end, std::set<std::pair<int, int>>* nodes) {
  nodes->insert({begin, end});
  if (end - begin == 1) return;
  const int middle = ShardMiddle(begin, end);
  Collect(begin, middle, nodes);
  Collect(middle, end, nodes);
}

TEST(ShardTreeTest, NodesAreThoseOfTheRecursion) {
  for (int shards = 1; shards <= 33; ++shards) {
    std::set<std::pair<int, int>> nodes;
    Collect(0, shards, &nodes);
    EXPECT_EQ(nodes.size(), 2u * shards - 1);
    for (int begin = -1; begin <= shards; ++begin) {
      for (int end = begin - 1; end <= shards + 1; ++end) {
        EXPECT_EQ(IsShardNode(shards, begin, end), nodes.count({begin, end}) == 1)
            << shards << " " << begin << " " << end;
      }
    }
  }
}

TEST(ShardTreeTest, SiblingsAreTheChildrenOfANode) {
  EXPECT_TRUE(AreSiblings(16, 4, 6, 8));
  EXPECT_TRUE(AreSiblings(16, 0, 8, 16));
  EXPECT_FALSE(AreSiblings(16, 2, 4, 6));  // neighbours of different parents
  EXPECT_TRUE(AreSiblings(5, 0, 4, 5));
  EXPECT_FALSE(AreSiblings(5, 3, 4, 5));
}

TEST(ShardTreeTest, AlignedPowersOfTwoAreNodes) {
  for (int ranks : {1, 2, 4, 8, 16}) {
    for (int rank = 0; rank < ranks; ++rank) {
      EXPECT_TRUE(IsShardNode(16, ShardBegin(16, rank, ranks), ShardBegin(16, rank + 1, ranks)));
    }
  }
}

TEST(ShardTreeTest, RanksCoverAllShardsEvenly) {
  for (int ranks = 1; ranks <= 16; ++ranks) {
    EXPECT_EQ(ShardBegin(16, 0, ranks), 0);
    EXPECT_EQ(ShardBegin(16, ranks, ranks), 16);
    for (int rank = 0; rank < ranks; ++rank) {
      const int count = ShardBegin(16, rank + 1, ranks) - ShardBegin(16, rank, ranks);
      EXPECT_GE(count, 16 / ranks);
      EXPECT_LE(count, (16 + ranks - 1) / ranks);
    }
  }
}

TEST(ShardTreeTest, ShardNodesAreTheGreatest) {
  for (int shards = 1; shards <= 20; ++shards) {
    for (int begin = 0; begin < shards; ++begin) {
      for (int end = begin + 1; end <= shards; ++end) {
        const std::vector<ShardNode> nodes = ShardNodes(shards, begin, end);
        int at = begin;
        for (size_t i = 0; i < nodes.size(); ++i) {
          EXPECT_TRUE(nodes[i].begin == at && IsShardNode(shards, nodes[i].begin, nodes[i].end));
          at = nodes[i].end;
          if (i > 0) EXPECT_FALSE(AreSiblings(shards, nodes[i - 1].begin, nodes[i].begin, nodes[i].end));
        }
        EXPECT_EQ(at, end);
      }
    }
  }
}

// Writes a sum as it would be typed: "((0+1)+2)".
std::string Expression(int begin, int end) {
  if (end - begin == 1) return std::to_string(begin);
  const int middle = ShardMiddle(begin, end);
  return "(" + Expression(begin, middle) + "+" + Expression(middle, end) + ")";
}

TEST(ShardTreeTest, AdditionsFollowTheTree) {
  for (int shards = 1; shards <= 17; ++shards) {
    for (int ranks = 1; ranks <= shards; ++ranks) {
      std::vector<ShardNode> nodes;
      for (int rank = 0; rank < ranks; ++rank) {
        for (const ShardNode& node :
             ShardNodes(shards, ShardBegin(shards, rank, ranks), ShardBegin(shards, rank + 1, ranks))) {
          nodes.push_back(node);
        }
      }
      std::vector<std::string> values;
      for (const ShardNode& node : nodes) values.push_back(Expression(node.begin, node.end));
      for (const Addition& addition : AdditionsAlongTree(shards, nodes)) {
        values[addition.to] = "(" + values[addition.to] + "+" + values[addition.from] + ")";
      }
      EXPECT_EQ(values[0], Expression(0, shards));
    }
  }
}

}  // namespace
}  // namespace espalier
