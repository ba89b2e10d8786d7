#include "tools/class_scores.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace espalier {

std::vector<float> SoftmaxOf(absl::Span<const float> logits) {
  std::vector<float> result(logits.size());
  const float max = logits.empty() ? 0 : *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) sum += result[i] = std::exp(logits[i] - max);
  for (float& value : result) value = static_cast<float>(value / sum);
  return result;
}

std::vector<RankedClass> TopClasses(absl::Span<const float> probabilities, int count) {
  std::vector<int64_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), 0);
  const size_t kept = std::min(order.size(), static_cast<size_t>(count));
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(kept), order.end(),
                    [&](int64_t a, int64_t b) {
                      return probabilities[a] != probabilities[b] ? probabilities[a] > probabilities[b] : a < b;
                    });
  std::vector<RankedClass> top;
  for (size_t i = 0; i < kept; ++i) top.push_back({order[i], probabilities[order[i]]});
  return top;
}

}  // namespace espalier
