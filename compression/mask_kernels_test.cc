#include "compression/mask_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/random.h"
#include "hwy/highway.h"

namespace espalier {
namespace {

// Each test runs with every vector width that this processor has.
class MaskKernels : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { Select(GetParam()); }
  void TearDown() override { Select(0); }

 private:
  static void Select(int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

INSTANTIATE_TEST_SUITE_P(Targets, MaskKernels, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& info) { return hwy::TargetName(info.param); });

TEST_P(MaskKernels, EqualTheirTwin) {
  for (int64_t count : {0, 1, 7, 63, 64, 65, 130, 1000}) {
    for (float share : {0.0f, 0.5f, 0.95f, 1.0f}) {
      Random random(3, "mask", count, static_cast<uint64_t>(100 * share));
      std::vector<uint8_t> bits((count + 63) / 64 * 8);
      for (int64_t i = 0; i < count; ++i) {
        if (random.Uniform() >= share) bits[i / 8] |= 1 << (i % 8);
      }
      std::vector<float> values(count + 1, 7);  // the last must not change
      for (int64_t i = 0; i < count; ++i) values[i] = random.Normal();
      for (float fill : {0.0f, 0.25f}) {
        std::vector<float> fast = values, plain = values;
        FillMasked(bits.data(), count, fill, fast.data());
        ReferenceFillMasked(bits.data(), count, fill, plain.data());
        EXPECT_EQ(std::memcmp(fast.data(), plain.data(), fast.size() * sizeof(float)), 0) << count << " " << share;
      }
    }
  }
}

// A product with the mask would leave -0 and NaN.
TEST_P(MaskKernels, LeavePlusZeroOfEveryValue) {
  const std::vector<float> special = {-1, -0.0f, std::numeric_limits<float>::infinity(),
                                      std::numeric_limits<float>::quiet_NaN()};
  const std::vector<uint8_t> bits(16);
  std::vector<float> values(100);
  for (size_t i = 0; i < values.size(); ++i) values[i] = special[i % special.size()];
  FillMasked(bits.data(), 100, 0, values.data());
  for (float value : values) {
    EXPECT_EQ(value, 0);
    EXPECT_FALSE(std::signbit(value));
  }
}

}  // namespace
}  // namespace espalier
