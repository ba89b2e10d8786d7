#include <algorithm>
#include <numeric>

#include "core/plan.h"

namespace espalier {

// Largest first, each at the lowest offset that is free during its whole lifetime.
size_t PlaceBuffers(std::vector<PlanBuffer>* buffers) {
  std::vector<int> order;
  for (int i = 0; i < static_cast<int>(buffers->size()); ++i) {
    if ((*buffers)[i].place == Place::kArena && (*buffers)[i].bytes > 0) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return (*buffers)[a].bytes > (*buffers)[b].bytes; });
  const auto aligned = [](size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; };
  std::vector<int> placed;  // by offset
  size_t arena_bytes = 0;
  for (int index : order) {
    PlanBuffer& buffer = (*buffers)[index];
    size_t offset = 0;
    for (int other_index : placed) {
      const PlanBuffer& other = (*buffers)[other_index];
      if (other.last_step < buffer.first_step || other.first_step > buffer.last_step) continue;
      if (offset + buffer.bytes <= other.offset) break;
      offset = std::max(offset, aligned(other.offset + other.bytes));
    }
    buffer.offset = offset;
    placed.insert(std::upper_bound(placed.begin(), placed.end(), offset,
                                   [&](size_t value, int i) { return value < (*buffers)[i].offset; }),
                  index);
    arena_bytes = std::max(arena_bytes, aligned(offset + buffer.bytes));
  }
  return arena_bytes;
}

}  // namespace espalier
