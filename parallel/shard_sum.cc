#include "parallel/shard_sum.h"

#include <algorithm>

#include "glog/logging.h"
#include "parallel/shard_fold.h"
#include "parallel/shard_tree.h"

namespace espalier {
void ShardSum::Add(int begin, int end, std::vector<float> values, std::vector<std::vector<float>>* spare) {
  CHECK(IsShardNode(shards_, begin, end)) << begin << " to " << end << " of " << shards_;
  auto at = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.begin >= begin; });
  CHECK(at == nodes_.end() || end <= at->begin) << begin << " to " << end << " twice";
  CHECK(at == nodes_.begin() || std::prev(at)->end <= begin) << begin << " to " << end << " twice";
  at = nodes_.insert(at, {begin, end, std::move(values)});
  while (nodes_.size() > 1) {
    auto left = at, right = std::next(at);
    const bool with_right =
        right != nodes_.end() && AreSiblings(shards_, left->begin, left->end, right->end) && left->end == right->begin;
    if (!with_right) {
      if (at == nodes_.begin()) return;
      left = std::prev(at);
      right = at;
      if (left->end != right->begin || !AreSiblings(shards_, left->begin, left->end, right->end)) return;
    }
    CHECK_EQ(left->values.size(), right->values.size());
    AddValues(left->values.data(), right->values.data(), static_cast<int64_t>(left->values.size()));
    left->end = right->end;
    spare->push_back(std::move(right->values));
    at = std::prev(nodes_.erase(right));
  }
}

std::vector<float> ShardSum::Take() {
  CHECK(complete());
  std::vector<float> values = std::move(nodes_[0].values);
  nodes_.clear();
  return values;
}

}  // namespace espalier
