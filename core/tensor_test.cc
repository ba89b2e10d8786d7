#include "core/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace espalier {
namespace {

TEST(Tensor, SliceSharesStorage) {
  Tensor tensor = Tensor::Of<float>({3, 2}, {0, 1, 2, 3, 4, 5});
  Tensor rows = tensor.Slice(1, 2);
  EXPECT_EQ(rows.shape(), (Shape{2, 2}));
  EXPECT_EQ(rows.data<float>()[0], 2);
  rows.data<float>()[0] = 9;
  EXPECT_EQ(tensor.data<float>()[2], 9);
  EXPECT_EQ(tensor.Copy().Reshaped({6}).data<float>()[5], 5);
}

TEST(Tensor, IsAligned) {
  for (int i = 1; i < 100; i += 7) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(Tensor(DType::kU8, {i}).raw()) % kAlignment, 0u);
  }
}

TEST(DType, BFloat16RoundsToNearestEven) {
  EXPECT_EQ(ToBFloat16(1.0f).bits, 0x3f80);
  EXPECT_EQ(ToBFloat16(1.0f + 0x1p-8f).bits, 0x3f80);             // tie, to even
  EXPECT_EQ(ToBFloat16(1.0f + 3 * 0x1p-8f).bits, 0x3f82);         // tie, to even
  EXPECT_EQ(ToBFloat16(1.0f + 0x1p-8f + 0x1p-20f).bits, 0x3f81);  // above the tie
  EXPECT_TRUE(std::isnan(ToFloat(ToBFloat16(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_TRUE(std::isinf(ToFloat(ToBFloat16(std::numeric_limits<float>::infinity()))));
}

TEST(DType, Float16RoundTripsEveryFiniteValue) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const Float16 half{static_cast<uint16_t>(bits)};
    if (std::isnan(ToFloat(half))) continue;
    EXPECT_EQ(ToFloat16(ToFloat(half)).bits, half.bits);
  }
  EXPECT_TRUE(std::isinf(ToFloat(ToFloat16(70000.0f))));
}

}  // namespace
}  // namespace espalier
