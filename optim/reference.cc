#include "optim/reference.h"

#include <cmath>

#include "core/denormals.h"

namespace espalier {
namespace {

// Moves the slots of one element and returns what to take from its weight `w`; `g` is the whole gradient.
float Increment(UpdateKind kind, const UpdateConstants& c, float g, float w, float* slot0, float* slot1) {
  switch (kind) {
    case UpdateKind::kSgd:
      return c.learning_rate * g;
    case UpdateKind::kMomentum:
      *slot0 = std::fma(c.mean_decay, *slot0, g);
      return c.learning_rate * *slot0;
    case UpdateKind::kNesterov:
      *slot0 = std::fma(c.mean_decay, *slot0, g);
      return c.learning_rate * std::fma(c.mean_decay, *slot0, g);
    case UpdateKind::kAdam: {
      *slot0 = std::fma(c.mean_decay, *slot0, c.mean_gain * g);
      *slot1 = std::fma(c.square_decay, *slot1, c.square_gain * (g * g));
      const float direction = *slot0 / std::fma(c.root_scale, std::sqrt(*slot1), c.epsilon);
      return std::fma(c.decoupled_decay, w, c.learning_rate * direction);
    }
    case UpdateKind::kRms:
      *slot0 = std::fma(c.square_decay, *slot0, c.square_gain * (g * g));
      return c.learning_rate * (g / (std::sqrt(*slot0) + c.epsilon));
    case UpdateKind::kRmsMomentum:
      *slot0 = std::fma(c.square_decay, *slot0, c.square_gain * (g * g));
      *slot1 = std::fma(c.mean_decay, *slot1, g / (std::sqrt(*slot0) + c.epsilon));
      return c.learning_rate * *slot1;
  }
  return 0;
}

}  // namespace

void ReferenceUpdate(UpdateKind kind, const UpdateConstants& constants, const UpdateRange& range) {
  const FlushDenormals scope;
  float unused = 0;
  for (int64_t i = 0; i < range.count; ++i) {
    float& w = range.weights[i];
    const float g = std::fma(constants.weight_decay, w, constants.gradient_scale * range.gradients[i]);
    float* slot0 = range.slots[0] != nullptr ? &range.slots[0][i] : &unused;
    float* slot1 = range.slots[1] != nullptr ? &range.slots[1][i] : &unused;
    w -= Increment(kind, constants, g, w, slot0, slot1);
  }
}

double ReferenceSumOfSquares(const float* values, int64_t count) {
  const FlushDenormals scope;
  double lanes[kSumLanes] = {};
  for (int64_t i = 0; i < count; ++i) lanes[i % kSumLanes] += double{values[i]} * double{values[i]};
  for (int width = kSumLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
  }
  return lanes[0];
}

}  // namespace espalier
