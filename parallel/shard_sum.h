// Adds values of shards along the tree of parallel/shard_tree.h, in whatever order they come.
#ifndef ESPALIER_PARALLEL_SHARD_SUM_H_
#define ESPALIER_PARALLEL_SHARD_SUM_H_

#include <vector>

namespace espalier {

class ShardSum {
 public:
  explicit ShardSum(int shards) : shards_(shards) {}

  // The values of the node [begin, end), which no node before overlaps. A node whose sibling is there is added to it,
  // and so on upwards; memory that is not needed any more is moved to the end of `spare`.
  void Add(int begin, int end, std::vector<float> values, std::vector<std::vector<float>>* spare);
  bool complete() const { return nodes_.size() == 1 && nodes_[0].begin == 0 && nodes_[0].end == shards_; }
  // The sum of all shards, once complete; then there is nothing.
  std::vector<float> Take();

 private:
  struct Node {
    int begin, end;
    std::vector<float> values;
  };

  int shards_;
  std::vector<Node> nodes_;  // ascending
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_SHARD_SUM_H_
