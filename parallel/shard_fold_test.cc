#include "parallel/shard_fold.h"

#include "core/random.h"
#include "gtest/gtest.h"
#include "parallel/shard_tree.h"

namespace espalier {
namespace {

constexpr int64_t kElements = 37;

std::vector<std::vector<float>> Leaves(int shards) {
  std::vector<std::vector<float>> leaves(shards, std::vector<float>(kElements));
  Random random(1, "leaves", 0, shards);
  for (auto& leaf : leaves) {
    for (float& value : leaf) value = random.Normal();
  }
  return leaves;
}

// The slow twin: the tree as its definition says.
std::vector<float> Sum(const std::vector<std::vector<float>>& leaves, int begin, int end) {
  if (end - begin == 1) return leaves[begin];
  const int middle = ShardMiddle(begin, end);
  std::vector<float> left = Sum(leaves, begin, middle);
  const std::vector<float> right = Sum(leaves, middle, end);
  for (int64_t i = 0; i < kElements; ++i) left[i] += right[i];
  return left;
}

TEST(ShardFold, AnyPartitionGivesTheBitsOfTheTree) {
  for (int shards : {1, 2, 3, 5, 8, 13, 16}) {
    const auto leaves = Leaves(shards);
    const std::vector<float> expected = Sum(leaves, 0, shards);
    for (int ranks = 1; ranks <= shards; ++ranks) {
      std::vector<float> first(kElements);
      ShardFold all(shards, kElements, first.data());
      std::vector<ShardFold> parts(ranks, ShardFold(shards, kElements));
      for (int rank = 0; rank < ranks; ++rank) {
        for (int i = ShardBegin(shards, rank, ranks); i < ShardBegin(shards, rank + 1, ranks); ++i) {
          parts[rank].Add(i, i + 1, leaves[i].data());
        }
        for (const PartialSum& sum : parts[rank].sums()) all.Add(sum.begin, sum.end, sum.values);
      }
      ASSERT_EQ(all.sums().size(), 1u);
      EXPECT_EQ(all.sums()[0].begin, 0);
      EXPECT_EQ(all.sums()[0].end, shards);
      EXPECT_EQ(all.sums()[0].values, first.data());
      EXPECT_EQ(first, expected) << shards << " shards on " << ranks;
    }
  }
}

TEST(ShardFold, KeepsWhatHasNoSibling) {
  const auto leaves = Leaves(16);
  ShardFold fold(16, kElements);
  for (int round = 0; round < 2; ++round) {
    fold.Clear();
    for (int i = 5; i < 11; ++i) fold.Add(i, i + 1, leaves[i].data());
    std::vector<std::pair<int, int>> nodes;
    for (const PartialSum& sum : fold.sums()) {
      nodes.push_back({sum.begin, sum.end});
      EXPECT_EQ(std::vector<float>(sum.values, sum.values + kElements), Sum(leaves, sum.begin, sum.end));
    }
    const std::vector<std::pair<int, int>> expected = {{5, 6}, {6, 8}, {8, 10}, {10, 11}};
    EXPECT_EQ(nodes, expected);
  }
}

}  // namespace
}  // namespace espalier
