#include "optim/update_kernels.h"

#include "core/denormals.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "optim/update_kernels.cc"
#include "hwy/foreach_target.h"
// clang-format off: must follow foreach_target.h
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// The parts of the formulas that depend on the kind: given gradients `g` and weights `w`, moves the slots and returns
// what to take from the weights.
struct Sgd {
  static constexpr int kSlots = 0;
  template <class D, class V>
  static HWY_INLINE V Increment(D d, const UpdateConstants& c, V g, V /*w*/, V& /*slot0*/, V& /*slot1*/) {
    return hn::Mul(hn::Set(d, c.learning_rate), g);
  }
};

struct Momentum {
  static constexpr int kSlots = 1;
  template <class D, class V>
  static HWY_INLINE V Increment(D d, const UpdateConstants& c, V g, V /*w*/, V& velocity, V& /*slot1*/) {
    velocity = hn::MulAdd(hn::Set(d, c.mean_decay), velocity, g);
    return hn::Mul(hn::Set(d, c.learning_rate), velocity);
  }
};

struct Nesterov {
  static constexpr int kSlots = 1;
  template <class D, class V>
  static HWY_INLINE V Increment(D d, const UpdateConstants& c, V g, V /*w*/, V& velocity, V& /*slot1*/) {
    const V decay = hn::Set(d, c.mean_decay);
    velocity = hn::MulAdd(decay, velocity, g);
    return hn::Mul(hn::Set(d, c.learning_rate), hn::MulAdd(decay, velocity, g));
  }
};

template <class D, class V>
HWY_INLINE V MoveSquare(D d, const UpdateConstants& c, V g, V square) {
  return hn::MulAdd(hn::Set(d, c.square_decay), square, hn::Mul(hn::Set(d, c.square_gain), hn::Mul(g, g)));
}

struct Adam {
  static constexpr int kSlots = 2;
  template <class D, class V>
  static HWY_INLINE V Increment(D d, const UpdateConstants& c, V g, V w, V& mean, V& square) {
    mean = hn::MulAdd(hn::Set(d, c.mean_decay), mean, hn::Mul(hn::Set(d, c.mean_gain), g));
    square = MoveSquare(d, c, g, square);
    const V root = hn::MulAdd(hn::Set(d, c.root_scale), hn::Sqrt(square), hn::Set(d, c.epsilon));
    const V step = hn::Mul(hn::Set(d, c.learning_rate), hn::Div(mean, root));
    return hn::MulAdd(hn::Set(d, c.decoupled_decay), w, step);
  }
};

struct Rms {
  static constexpr int kSlots = 1;
  template <class D, class V>
  static HWY_INLINE V Increment(D d, const UpdateConstants& c, V g, V /*w*/, V& square, V& /*slot1*/) {
    square = MoveSquare(d, c, g, square);
    const V root = hn::Add(hn::Sqrt(square), hn::Set(d, c.epsilon));
    return hn::Mul(hn::Set(d, c.learning_rate), hn::Div(g, root));
  }
};

struct RmsMomentum {
  static constexpr int kSlots = 2;
  template <class D, class V>
  static HWY_INLINE V Increment(D d, const UpdateConstants& c, V g, V /*w*/, V& square, V& velocity) {
    square = MoveSquare(d, c, g, square);
    const V root = hn::Add(hn::Sqrt(square), hn::Set(d, c.epsilon));
    velocity = hn::MulAdd(hn::Set(d, c.mean_decay), velocity, hn::Div(g, root));
    return hn::Mul(hn::Set(d, c.learning_rate), velocity);
  }
};

template <class Rule, class D>
HWY_INLINE void UpdateVector(D d, const UpdateConstants& c, const UpdateRange& range, int64_t i) {
  using V = hn::Vec<D>;
  const V w = hn::LoadU(d, range.weights + i);
  const V scaled = hn::Mul(hn::Set(d, c.gradient_scale), hn::LoadU(d, range.gradients + i));
  const V g = hn::MulAdd(hn::Set(d, c.weight_decay), w, scaled);
  V slot0 = hn::Zero(d);
  V slot1 = hn::Zero(d);
  if constexpr (Rule::kSlots > 0) slot0 = hn::LoadU(d, range.slots[0] + i);
  if constexpr (Rule::kSlots > 1) slot1 = hn::LoadU(d, range.slots[1] + i);
  const V increment = Rule::Increment(d, c, g, w, slot0, slot1);
  if constexpr (Rule::kSlots > 0) hn::StoreU(slot0, d, range.slots[0] + i);
  if constexpr (Rule::kSlots > 1) hn::StoreU(slot1, d, range.slots[1] + i);
  hn::StoreU(hn::Sub(w, increment), d, range.weights + i);
}

template <class Rule>
void UpdateAs(const UpdateConstants& constants, const UpdateRange& arenas) {
  // Copies, which the stores to the arenas cannot alias: so the compiler keeps them in registers.
  const UpdateConstants c = constants;
  const UpdateRange range = arenas;
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const int64_t lanes = hn::Lanes(d);
  int64_t i = 0;
  for (; i + lanes <= range.count; i += lanes) UpdateVector<Rule>(d, c, range, i);
  for (; i < range.count; ++i) UpdateVector<Rule>(one, c, range, i);
}

void UpdateKernel(UpdateKind kind, const UpdateConstants& constants, const UpdateRange& range) {
  switch (kind) {
    case UpdateKind::kSgd:
      return UpdateAs<Sgd>(constants, range);
    case UpdateKind::kMomentum:
      return UpdateAs<Momentum>(constants, range);
    case UpdateKind::kNesterov:
      return UpdateAs<Nesterov>(constants, range);
    case UpdateKind::kAdam:
      return UpdateAs<Adam>(constants, range);
    case UpdateKind::kRms:
      return UpdateAs<Rms>(constants, range);
    case UpdateKind::kRmsMomentum:
      return UpdateAs<RmsMomentum>(constants, range);
  }
}

double SumOfSquaresKernel(const float* values, int64_t count) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> narrow;
  using V = hn::Vec<decltype(d)>;
  constexpr int kLanes = hn::MaxLanes(d);
  constexpr int kVectors = kSumLanes / kLanes;
  static_assert(kVectors * kLanes == kSumLanes, "a vector holds a divisor of kSumLanes");
  V sums[kVectors];
  for (V& sum : sums) sum = hn::Zero(d);
  int64_t i = 0;
  for (; i + kSumLanes <= count; i += kSumLanes) {
    for (int vector = 0; vector < kVectors; ++vector) {
      // The square of an f32 is exact in f64, so that fusing the sum changes no bit.
      const V value = hn::PromoteTo(d, hn::LoadU(narrow, values + i + vector * kLanes));
      sums[vector] = hn::MulAdd(value, value, sums[vector]);
    }
  }
  double lanes[kSumLanes];
  for (int vector = 0; vector < kVectors; ++vector) hn::StoreU(sums[vector], d, lanes + vector * kLanes);
  for (int lane = 0; i < count; ++i, ++lane) lanes[lane] += double{values[i]} * double{values[i]};
  for (int width = kSumLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; ++lane) lanes[lane] += lanes[lane + width];
  }
  return lanes[0];
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace espalier {

HWY_EXPORT(UpdateKernel);
HWY_EXPORT(SumOfSquaresKernel);

void Update(UpdateKind kind, const UpdateConstants& constants, const UpdateRange& range) {
  const FlushDenormals scope;
  HWY_DYNAMIC_DISPATCH(UpdateKernel)(kind, constants, range);
}

double SumOfSquares(const float* values, int64_t count) {
  const FlushDenormals scope;
  return HWY_DYNAMIC_DISPATCH(SumOfSquaresKernel)(values, count);
}

}  // namespace espalier
#endif  // HWY_ONCE
