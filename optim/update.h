// The arithmetic of one update, shared by the vector kernels and their plain twin: element by element, the same
// operations rounded at the same places, so that both give the same bits on every processor.
//
//   g = fma(weight_decay, w, gradient_scale * gradient)
//   kSgd:         u = learning_rate * g
//   kMomentum:    v = fma(mean_decay, v, g)                                u = learning_rate * v
//   kNesterov:    v = fma(mean_decay, v, g)                                u = learning_rate * fma(mean_decay, v, g)
//   kAdam:        m = fma(mean_decay, m, mean_gain * g)
//                 s = fma(square_decay, s, square_gain * (g * g))
//                 u = fma(decoupled_decay, w, learning_rate * (m / fma(root_scale, sqrt(s), epsilon)))
//   kRms:         s = fma(square_decay, s, square_gain * (g * g))          u = learning_rate * (g / (sqrt(s) +
//   epsilon)) kRmsMomentum: s as above; v = fma(mean_decay, v, g / (sqrt(s) + epsilon))   u = learning_rate * v w = w -
//   u
#ifndef ESPALIER_OPTIM_UPDATE_H_
#define ESPALIER_OPTIM_UPDATE_H_

#include <cstdint>

namespace espalier {

enum class UpdateKind { kSgd, kMomentum, kNesterov, kAdam, kRms, kRmsMomentum };

// The numbers of one update of one segment of the arenas; all names as in the formulas above.
struct UpdateConstants {
  float gradient_scale = 1;
  float weight_decay = 0;  // added to the gradient
  float learning_rate = 0;
  float mean_decay = 0;
  float mean_gain = 0;
  float square_decay = 0;
  float square_gain = 0;
  float root_scale = 1;
  float epsilon = 0;
  float decoupled_decay = 0;  // taken from the weights directly (AdamW)
};

// One range of the arenas. Slot 0 is v (kMomentum, kNesterov), m (kAdam) or s (kRms, kRmsMomentum); slot 1 is s (kAdam)
// or v (kRmsMomentum).
struct UpdateRange {
  float* weights;
  const float* gradients;
  float* slots[2];
  int64_t count;
};

// Squares are summed in f64 in this many lanes, element i in lane i % kSumLanes; then the upper half of the lanes is
// added to the lower until one is left.
inline constexpr int kSumLanes = 32;

}  // namespace espalier

#endif  // ESPALIER_OPTIM_UPDATE_H_
