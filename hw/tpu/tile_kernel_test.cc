#include "hw/tpu/tile_kernel.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/random.h"
#include "hwy/highway.h"

namespace espalier::tpu {
namespace {

// Each test runs with every vector width that this processor has.
class TileKernel : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { Select(GetParam()); }
  void TearDown() override { Select(0); }

 private:
  static void Select(int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

INSTANTIATE_TEST_SUITE_P(Targets, TileKernel, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& info) { return hwy::TargetName(info.param); });

TEST_P(TileKernel, EqualsItsTwin) {
  for (uint64_t index = 0; index < 60; ++index) {
    Random random(1, "tile", 0, index);
    const int64_t rows = 1 + random.Below(11), pairs = 1 + random.Below(20);
    const int64_t columns = kColumnGrain * (1 + random.Below(3)), stride = columns + random.Below(5);
    const bool accumulate = random.Below(2) != 0;
    const int shift = random.Below(2) == 0 ? 0 : 8;
    std::vector<int16_t> activations(2 * rows * pairs), weights(2 * pairs * columns);
    for (int16_t& value : activations) value = static_cast<int16_t>(random.NextBits());
    for (int16_t& value : weights) value = static_cast<int16_t>(random.Below(384)) - 128;
    std::vector<int32_t> fast(rows * stride);
    for (int32_t& value : fast) value = static_cast<int32_t>(random.NextBits());
    std::vector<int32_t> plain = fast;
    MultiplyTile(activations.data(), rows, pairs, weights.data(), columns, shift, accumulate, fast.data(), stride);
    ReferenceMultiplyTile(activations.data(), rows, pairs, weights.data(), columns, shift, accumulate, plain.data(),
                          stride);
    EXPECT_EQ(fast, plain) << index;
  }
}

}  // namespace
}  // namespace espalier::tpu
