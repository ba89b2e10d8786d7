#include "hw/tpu/tile_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "hw/tpu/tile_kernel.cc"
#include "hwy/foreach_target.h"
// clang-format off: must follow foreach_target.h
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace espalier::tpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// A pair of activations in every lane's two halves.
template <class D16>
hn::Vec<D16> BroadcastPair(D16 d16, const int16_t* pair) {
  int32_t bits;
  hwy::CopyBytes<sizeof bits>(pair, &bits);
  return hn::BitCast(d16, hn::Set(hn::RepartitionToWide<D16>(), bits));
}

// kRows rows and two vectors of columns: what the registers hold.
template <int kRows>
void MultiplyBlock(const int16_t* activations, int64_t pairs, const int16_t* weights, int64_t columns, int shift,
                   bool accumulate, int32_t* sums, int64_t stride) {
  const hn::CappedTag<int32_t, kColumnGrain / 2> d32;
  const hn::Repartition<int16_t, decltype(d32)> d16;
  const int64_t lanes = hn::Lanes(d32);
  using Vector = hn::Vec<decltype(d32)>;
  for (int64_t column = 0; column < columns; column += 2 * lanes) {
    // The target may spread a lane's sum over both.
    Vector sum[kRows][2], rest[kRows][2];
    for (int row = 0; row < kRows; ++row) {
      for (int half = 0; half < 2; ++half) sum[row][half] = rest[row][half] = hn::Zero(d32);
    }
    const int16_t* pair_weights = weights + 2 * column;
    for (int64_t pair = 0; pair < pairs; ++pair, pair_weights += 2 * columns) {
      const auto left = hn::LoadU(d16, pair_weights);
      const auto right = hn::LoadU(d16, pair_weights + 2 * lanes);
      for (int row = 0; row < kRows; ++row) {
        const auto activation = BroadcastPair(d16, activations + 2 * (row * pairs + pair));
        sum[row][0] = hn::ReorderWidenMulAccumulate(d32, activation, left, sum[row][0], rest[row][0]);
        sum[row][1] = hn::ReorderWidenMulAccumulate(d32, activation, right, sum[row][1], rest[row][1]);
      }
    }
    for (int row = 0; row < kRows; ++row) {
      int32_t* to = sums + row * stride + column;
      for (int half = 0; half < 2; ++half, to += lanes) {
        const Vector value = hn::ShiftLeftSame(hn::RearrangeToOddPlusEven(sum[row][half], rest[row][half]), shift);
        hn::StoreU(accumulate ? hn::Add(hn::LoadU(d32, to), value) : value, d32, to);
      }
    }
  }
}

void MultiplyTileKernel(const int16_t* activations, int64_t rows, int64_t pairs, const int16_t* weights,
                        int64_t columns, int shift, bool accumulate, int32_t* sums, int64_t stride) {
  constexpr int kRows = 4;
  int64_t row = 0;
  for (; row + kRows <= rows; row += kRows) {
    MultiplyBlock<kRows>(activations + 2 * row * pairs, pairs, weights, columns, shift, accumulate, sums + row * stride,
                         stride);
  }
  for (; row < rows; ++row) {
    MultiplyBlock<1>(activations + 2 * row * pairs, pairs, weights, columns, shift, accumulate, sums + row * stride,
                     stride);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier::tpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace espalier::tpu {

HWY_EXPORT(MultiplyTileKernel);

void MultiplyTile(const int16_t* activations, int64_t rows, int64_t pairs, const int16_t* weights, int64_t columns,
                  int shift, bool accumulate, int32_t* sums, int64_t stride) {
  HWY_DYNAMIC_DISPATCH(MultiplyTileKernel)
  (activations, rows, pairs, weights, columns, shift, accumulate, sums, stride);
}

void ReferenceMultiplyTile(const int16_t* activations, int64_t rows, int64_t pairs, const int16_t* weights,
                           int64_t columns, int shift, bool accumulate, int32_t* sums, int64_t stride) {
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      uint32_t sum = 0;
      for (int64_t k = 0; k < 2 * pairs; ++k) {
        const int32_t product =
            int32_t{activations[2 * row * pairs + k]} * int32_t{weights[2 * (k / 2 * columns + column) + k % 2]};
        sum += static_cast<uint32_t>(product) << shift;
      }
      int32_t* to = sums + row * stride + column;
      *to = static_cast<int32_t>(sum + (accumulate ? static_cast<uint32_t>(*to) : 0));
    }
  }
}

}  // namespace espalier::tpu
#endif  // HWY_ONCE
