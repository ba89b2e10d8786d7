// From a network's outputs to the classes that they speak for.
#ifndef ESPALIER_TOOLS_CLASS_SCORES_H_
#define ESPALIER_TOOLS_CLASS_SCORES_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace espalier {

// exp(x_i) / sum(exp(x_j)).
std::vector<float> SoftmaxOf(absl::Span<const float> logits);

struct RankedClass {
  int64_t number = 0;
  float probability = 0;
};

// The likeliest classes first, at most `count` of them; of equal ones the lower number first.
std::vector<RankedClass> TopClasses(absl::Span<const float> probabilities, int count);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_CLASS_SCORES_H_
