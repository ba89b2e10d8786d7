#include "optim/update_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/random.h"
#include "hwy/highway.h"
#include "optim/reference.h"

namespace espalier {
namespace {

constexpr UpdateKind kKinds[] = {UpdateKind::kSgd,  UpdateKind::kMomentum, UpdateKind::kNesterov,
                                 UpdateKind::kAdam, UpdateKind::kRms,      UpdateKind::kRmsMomentum};

// Each test runs with every vector width that this processor has.
class UpdateKernels : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { Select(GetParam()); }
  void TearDown() override { Select(0); }

 private:
  static void Select(int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

INSTANTIATE_TEST_SUITE_P(Targets, UpdateKernels, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& info) { return hwy::TargetName(info.param); });

// Weights, gradients and slots of `count` elements, and one more that must not change.
struct Arenas {
  Arenas(int64_t count, uint64_t seed) : count(count) {
    for (std::vector<float>* arena : {&weights, &gradients, &slot0, &slot1}) {
      Random random(seed++, "arena", 0, 0);
      for (int64_t i = 0; i <= count; ++i) arena->push_back(random.Normal() * std::exp2(random.Uniform(-20, 4)));
    }
    for (std::vector<float>* slot : {&slot0, &slot1}) {
      for (float& value : *slot) value = std::abs(value);
    }
  }
  UpdateRange range() { return {weights.data(), gradients.data(), {slot0.data(), slot1.data()}, count}; }

  int64_t count;
  std::vector<float> weights, gradients, slot0, slot1;
};

void ExpectSameBits(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(std::memcmp(&a[i], &b[i], sizeof(float)), 0) << "element " << i << ": " << a[i] << " and " << b[i];
  }
}

UpdateConstants SomeConstants() {
  UpdateConstants constants;
  constants.gradient_scale = 0.37f;
  constants.weight_decay = 1e-3f;
  constants.learning_rate = 0.03f;
  constants.mean_decay = 0.9f;
  constants.mean_gain = 0.1f;
  constants.square_decay = 0.99f;
  constants.square_gain = 0.01f;
  constants.root_scale = 1.7f;
  constants.epsilon = 1e-6f;
  constants.decoupled_decay = 1e-4f;
  return constants;
}

TEST_P(UpdateKernels, EqualTheirTwinsToTheBit) {
  for (UpdateKind kind : kKinds) {
    for (int64_t count = 0; count < 70; ++count) {
      SCOPED_TRACE(testing::Message() << "kind " << static_cast<int>(kind) << ", " << count << " elements");
      Arenas fast(count, count), plain(count, count);
      for (int step = 0; step < 3; ++step) {
        Update(kind, SomeConstants(), fast.range());
        ReferenceUpdate(kind, SomeConstants(), plain.range());
      }
      ExpectSameBits(fast.weights, plain.weights);
      ExpectSameBits(fast.slot0, plain.slot0);
      ExpectSameBits(fast.slot1, plain.slot1);
      EXPECT_EQ(fast.weights.back(), Arenas(count, count).weights.back());
    }
  }
}

TEST_P(UpdateKernels, TakeUnalignedRanges) {
  for (UpdateKind kind : kKinds) {
    Arenas fast(1001, 5), plain(1001, 5);
    UpdateRange range = fast.range();
    for (float** arena : {&range.weights, &range.slots[0], &range.slots[1]}) ++*arena;
    ++range.gradients;
    --range.count;
    UpdateRange expected = plain.range();
    for (float** arena : {&expected.weights, &expected.slots[0], &expected.slots[1]}) ++*arena;
    ++expected.gradients;
    --expected.count;
    Update(kind, SomeConstants(), range);
    ReferenceUpdate(kind, SomeConstants(), expected);
    ExpectSameBits(fast.weights, plain.weights);
    ExpectSameBits(fast.slot0, plain.slot0);
    ExpectSameBits(fast.slot1, plain.slot1);
  }
}

// Slots of weights that get no gradients any more decay to zero instead of staying at the smallest denormals, where
// every update would be slow.
TEST_P(UpdateKernels, FlushDenormals) {
  Arenas fast(37, 1);
  std::fill(fast.gradients.begin(), fast.gradients.end(), 0.0f);
  for (int i = 0; i < 37; ++i) fast.slot0[i] = 1e-36f * std::pow(0.7f, static_cast<float>(i));
  Arenas plain = fast;
  UpdateConstants constants = SomeConstants();
  constants.weight_decay = 0;
  for (int step = 0; step < 100; ++step) {
    Update(UpdateKind::kMomentum, constants, fast.range());
    ReferenceUpdate(UpdateKind::kMomentum, constants, plain.range());
    ExpectSameBits(fast.slot0, plain.slot0);
    ExpectSameBits(fast.weights, plain.weights);
  }
  for (int i = 0; i < 37; ++i) EXPECT_EQ(fast.slot0[i], 0) << i;

  const std::vector<float> tiny(50, 1e-40f);
  EXPECT_EQ(SumOfSquares(tiny.data(), 50), 0);
  EXPECT_EQ(ReferenceSumOfSquares(tiny.data(), 50), 0);
  volatile float half = 0.5f;
  EXPECT_GT(tiny[0] * half, 0) << "the mode outlasts the call";
}

// Padding between parameters holds zeros and must keep them, whatever the rule.
TEST_P(UpdateKernels, KeepZerosZero) {
  for (UpdateKind kind : kKinds) {
    Arenas arenas(40, 1);
    for (std::vector<float>* arena : {&arenas.weights, &arenas.gradients, &arenas.slot0, &arenas.slot1}) {
      std::fill(arena->begin(), arena->end(), 0.0f);
    }
    Update(kind, SomeConstants(), arenas.range());
    for (float weight : arenas.weights) ASSERT_EQ(weight, 0) << "kind " << static_cast<int>(kind);
    for (float value : arenas.slot0) ASSERT_EQ(value, 0);
  }
}

TEST_P(UpdateKernels, SumOfSquaresEqualsItsTwinToTheBit) {
  for (int64_t count : {0, 1, 7, 31, 32, 33, 63, 64, 100, 4096, 5000}) {
    const Arenas arenas(count, 7);
    EXPECT_EQ(SumOfSquares(arenas.gradients.data(), count), ReferenceSumOfSquares(arenas.gradients.data(), count));
    double expected = 0;
    for (int64_t i = 0; i < count; ++i) expected += std::pow(double{arenas.gradients[i]}, 2);
    EXPECT_NEAR(SumOfSquares(arenas.gradients.data(), count), expected, 1e-14 * expected) << count;
  }
}

TEST_P(UpdateKernels, SumOfSquaresDetectsWhatIsNotFinite) {
  for (float bad : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                    std::numeric_limits<float>::quiet_NaN()}) {
    for (int64_t position : {0, 31, 32, 69}) {
      std::vector<float> values(70, 1);
      values[position] = bad;
      EXPECT_FALSE(std::isfinite(SumOfSquares(values.data(), 70))) << bad << " at " << position;
    }
  }
  const std::vector<float> largest(70, std::numeric_limits<float>::max());
  EXPECT_TRUE(std::isfinite(SumOfSquares(largest.data(), 70)));
}

}  // namespace
}  // namespace espalier
