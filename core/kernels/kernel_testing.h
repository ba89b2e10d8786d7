// For tests of vectorised kernels: every instruction set that this processor has, random tensors, comparisons.
#ifndef ESPALIER_CORE_KERNELS_KERNEL_TESTING_H_
#define ESPALIER_CORE_KERNELS_KERNEL_TESTING_H_

#include <functional>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "gtest/gtest.h"

namespace espalier {

// A fixture whose tests run once with each of Highway's targets.
class PerTarget : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override;
  void TearDown() override;
};

std::vector<int64_t> Targets();
std::string TargetOf(const testing::TestParamInfo<int64_t>& info);

// `class Fixture : public PerTarget {};` and its instantiation.
#define ESPALIER_PER_TARGET(Fixture)   \
  class Fixture : public PerTarget {}; \
  INSTANTIATE_TEST_SUITE_P(Targets, Fixture, testing::ValuesIn(Targets()), TargetOf)

inline constexpr DType kFloatTypes[] = {DType::kF32, DType::kBF16, DType::kF16};

// Elements uniform in [low, high), rounded to `dtype`.
Tensor RandomTensor(DType dtype, Shape shape, uint64_t seed, float low = -2, float high = 2);
// s32 elements uniform in [low, high).
Tensor RandomIndices(Shape shape, uint64_t seed, int32_t low, int32_t high);
// Overwrites some of the elements with zeros of both signs, infinities, NaN, the largest finite value and a denormal.
void AddSpecialValues(const Tensor& tensor);

// Equal bits, any NaN equal to any other.
testing::AssertionResult SameValues(const Tensor& actual, const Tensor& expected);
// |actual - expected| <= absolute + relative |expected|, after adding one rounding step of the tensors' type to
// `relative`.
testing::AssertionResult NearValues(const Tensor& actual, const Tensor& expected, float relative, float absolute = 0);

// Whether function(output), with an output of this type, writes the same bits on one thread as on two and three.
testing::AssertionResult SameOnAnyThreads(DType dtype, const Shape& shape,
                                          const std::function<void(const Tensor& output)>& function);

// x [N, C, S] as [N, C / block, S, block]; the padding holds `padding`.
Tensor ChannelBlocked(const Tensor& x, int64_t block, float padding = 0);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_KERNEL_TESTING_H_
