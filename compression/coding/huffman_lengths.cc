#include <glog/logging.h>

#include <algorithm>
#include <numeric>

#include "compression/coding/huffman.h"

namespace espalier {
namespace {

constexpr uint64_t kMaximumTotal = uint64_t{1} << 56;  // sums over all levels stay below 2^64

// The cheapest items of one level: leaves (one symbol each) and packages (two neighbouring items of the level below).
struct Level {
  std::vector<uint64_t> weights;  // ascending
  std::vector<bool> is_leaf;
};

Level Merge(const std::vector<uint64_t>& leaves, const std::vector<uint64_t>& below) {
  Level level;
  const size_t packages = below.size() / 2;
  size_t leaf = 0, package = 0;
  while (leaf < leaves.size() || package < packages) {
    const uint64_t package_weight = package < packages ? below[2 * package] + below[2 * package + 1] : 0;
    const bool take_leaf = package == packages || (leaf < leaves.size() && leaves[leaf] <= package_weight);
    level.weights.push_back(take_leaf ? leaves[leaf++] : package_weight);
    if (!take_leaf) ++package;
    level.is_leaf.push_back(take_leaf);
  }
  return level;
}

}  // namespace

std::vector<uint8_t> HuffmanLengths(absl::Span<const uint64_t> counts, int max_length) {
  std::vector<int> order;  // symbols that occur, rarest first
  for (int symbol = 0; symbol < counts.size(); ++symbol) {
    if (counts[symbol] > 0) order.push_back(symbol);
  }
  std::stable_sort(order.begin(), order.end(), [counts](int a, int b) { return counts[a] < counts[b]; });
  std::vector<uint8_t> lengths(counts.size());
  if (order.size() < 2) return lengths;
  CHECK(max_length >= 1 && max_length < 32) << max_length;
  CHECK_LE(order.size(), size_t{1} << max_length);
  std::vector<uint64_t> leaves;
  leaves.reserve(order.size());
  for (int symbol : order) leaves.push_back(counts[symbol]);
  uint64_t total = 0;
  for (uint64_t leaf : leaves) {
    CHECK_LT(leaf, kMaximumTotal - total);
    total += leaf;
  }

  std::vector<Level> levels;
  levels.reserve(max_length);
  for (int i = 0; i < max_length; ++i) {
    levels.push_back(Merge(leaves, levels.empty() ? std::vector<uint64_t>() : levels.back().weights));
  }
  // Of the top level the 2n - 2 cheapest items are wanted; each package among them wants two items of the level below.
  // A symbol's code is as long as the number of levels in which its leaf is wanted.
  size_t wanted = 2 * order.size() - 2;
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
    const size_t wanted_leaves = std::count(level->is_leaf.begin(), level->is_leaf.begin() + wanted, true);
    for (size_t i = 0; i < wanted_leaves; ++i) ++lengths[order[i]];
    wanted = 2 * (wanted - wanted_leaves);
  }
  return lengths;
}

}  // namespace espalier
