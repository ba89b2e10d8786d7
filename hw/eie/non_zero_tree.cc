#include "hw/eie/non_zero_tree.h"

#include <algorithm>

namespace espalier {
namespace {

constexpr int64_t kChildren = 4;
constexpr int64_t kNone = -1;

}  // namespace

int64_t NonZeroTreeNodes(int64_t lanes) {
  int64_t nodes = 0;
  do {
    lanes = (lanes + kChildren - 1) / kChildren;
    nodes += lanes;
  } while (lanes > 1);
  return nodes;
}

int64_t FirstNonZeroLane(const std::vector<bool>& lanes) {
  std::vector<int64_t> level(lanes.size());
  for (size_t lane = 0; lane < lanes.size(); ++lane) level[lane] = lanes[lane] ? static_cast<int64_t>(lane) : kNone;
  while (level.size() > 1) {
    std::vector<int64_t> parents;
    for (size_t first = 0; first < level.size(); first += kChildren) {
      const auto begin = level.begin() + first;
      const auto end = level.begin() + std::min<size_t>(first + kChildren, level.size());
      const auto found = std::find_if(begin, end, [](int64_t lane) { return lane != kNone; });
      parents.push_back(found == end ? kNone : *found);
    }
    level = std::move(parents);
  }
  return level.empty() ? kNone : level[0];
}

}  // namespace espalier
