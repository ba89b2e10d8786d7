#include "hw/fast_matrix_engine.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "core/kernels/parallel.h"
#include "core/tensor.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "hw/fast_matrix_engine.cc"
#include "hwy/foreach_target.h"
// clang-format off: must follow foreach_target.h
#include "hwy/highway.h"
// clang-format on

#ifndef ESPALIER_HW_FAST_MATRIX_ENGINE_TYPES_
#define ESPALIER_HW_FAST_MATRIX_ENGINE_TYPES_
namespace espalier {
namespace {

// Inputs that one pass over a block of rows multiplies: as many as the registers have room for sums.
constexpr int kVectors = 4;
constexpr int kSplitVectors = 2;

// What the kernel needs of a product. Rows come in blocks of two vectors of 32-bit lanes; a lane's row holds the
// products of two neighbouring columns, as the multiply-add of 16-bit pairs makes them.
struct Product {
  const IntegerMatrix* matrix;
  const Requantization* requantization;
  const int16_t* packed;  // [blocks, pairs, rows of a block, 2]; zero beyond the matrix
  int64_t pairs;
  int64_t run;  // pairs whose sum fits a 32-bit lane, wherever they start at a multiple of `run`
  // Inputs are multiplied as 256 * high + low, in two sums: of 16-bit numbers only few products fit a lane.
  bool split;
  const int16_t* inputs;
  int16_t* outputs;
};

}  // namespace
}  // namespace espalier
#endif  // ESPALIER_HW_FAST_MATRIX_ENGINE_TYPES_

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

int64_t BlockRowsKernel() { return 2 * static_cast<int64_t>(hn::Lanes(hn::ScalableTag<int32_t>())); }

// Two neighbouring inputs in every pair of lanes; 0 beyond the last column.
template <class D>
HWY_INLINE hn::Vec<hn::Repartition<int16_t, D>> BroadcastPair(D d, const int16_t* row, int64_t pair, int64_t columns) {
  int32_t bits;
  if (2 * pair + 1 < columns) {
    hwy::CopyBytes<sizeof bits>(row + 2 * pair, &bits);
  } else {
    const int16_t both[2] = {row[2 * pair], 0};
    hwy::CopyBytes<sizeof bits>(both, &bits);
  }
  return hn::BitCast(hn::Repartition<int16_t, D>(), hn::Set(d, bits));
}

// sums[v][r] += factor * lanes
template <class D, class V>
HWY_INLINE void AddLanes(D d, V low, V low_odd, V high, V high_odd, int64_t factor, int64_t* sums) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  HWY_ALIGN int32_t lane_sums[2 * HWY_MAX_BYTES / sizeof(int32_t)];
  hn::Store(hn::RearrangeToOddPlusEven(low, low_odd), d, lane_sums);
  hn::Store(hn::RearrangeToOddPlusEven(high, high_odd), d, lane_sums + lanes);
  for (int64_t r = 0; r < 2 * lanes; ++r) sums[r] += factor * lane_sums[r];
}

// sums[v][r] = the products of a block of rows with inputs v, in 64 bits.
template <int kCount, bool kSplit>
HWY_INLINE void SumBlock(const Product& p, const int16_t* packed, const int16_t* inputs, int64_t* sums) {
  const hn::ScalableTag<int32_t> d;
  const hn::Repartition<int16_t, decltype(d)> d16;
  constexpr int kSums = kSplit ? 2 * kCount : kCount;  // the low bytes' behind the high bytes'
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), block = 2 * lanes, columns = p.matrix->columns;
  const auto low_byte = hn::Set(d16, 255);
  std::fill_n(sums, kCount * block, int64_t{0});
  for (int64_t begin = 0; begin < p.pairs; begin += p.run) {
    const int64_t end = std::min(p.pairs, begin + p.run);
    hn::Vec<decltype(d)> first[kSums], second[kSums], first_odd[kSums], second_odd[kSums];
    for (int v = 0; v < kSums; ++v) first[v] = second[v] = first_odd[v] = second_odd[v] = hn::Zero(d);
    for (int64_t pair = begin; pair < end; ++pair) {
      const auto w0 = hn::Load(d16, packed + pair * 2 * block);
      const auto w1 = hn::Load(d16, packed + pair * 2 * block + 2 * lanes);
      for (int v = 0; v < kSums; ++v) {
        auto x = BroadcastPair(d, inputs + v % kCount * columns, pair, columns);
        if (kSplit) x = v < kCount ? hn::ShiftRight<8>(x) : hn::And(x, low_byte);
        first[v] = hn::ReorderWidenMulAccumulate(d, w0, x, first[v], first_odd[v]);
        second[v] = hn::ReorderWidenMulAccumulate(d, w1, x, second[v], second_odd[v]);
      }
    }
    for (int v = 0; v < kSums; ++v) {
      AddLanes(d, first[v], first_odd[v], second[v], second_odd[v], kSplit && v < kCount ? 256 : 1,
               sums + v % kCount * block);
    }
  }
}

template <int kCount, bool kSplit>
HWY_INLINE void MultiplyBlock(const Product& p, int64_t first_row, const int16_t* packed, int64_t vector) {
  const int64_t block = BlockRowsKernel(), rows = std::min(block, p.matrix->rows - first_row);
  int64_t sums[kCount * 2 * HWY_MAX_BYTES / sizeof(int32_t)];
  SumBlock<kCount, kSplit>(p, packed, p.inputs + vector * p.matrix->columns, sums);
  for (int v = 0; v < kCount; ++v) {
    int16_t* out = p.outputs + (vector + v) * p.matrix->rows;
    for (int64_t r = first_row; r < first_row + rows; ++r) {
      out[r] = RequantizeSum(*p.requantization, r, sums[v * block + r - first_row] + p.matrix->bias[r]);
    }
  }
}

// Inputs [begin, end) times all rows. Blocks of rows are in the inner loop while few inputs are in the fast cache.
template <int kCount, bool kSplit>
HWY_INLINE void MultiplyRange(const Product& p, int64_t begin, int64_t end) {
  constexpr int64_t kTileElements = 1 << 15;
  const int64_t block = BlockRowsKernel();
  const int64_t tile = std::max<int64_t>(kVectors, kTileElements / p.matrix->columns / kVectors * kVectors);
  for (int64_t first = begin; first < end; first += tile) {
    const int64_t last = std::min(end, first + tile);
    for (int64_t row = 0; row < p.matrix->rows; row += block) {
      const int16_t* packed = p.packed + row * p.pairs * 2;
      int64_t vector = first;
      for (; vector + kCount <= last; vector += kCount) MultiplyBlock<kCount, kSplit>(p, row, packed, vector);
      for (; vector < last; ++vector) MultiplyBlock<1, kSplit>(p, row, packed, vector);
    }
  }
}

void MultiplyKernel(const Product& p, int64_t begin, int64_t end) {
  if (p.split) {
    MultiplyRange<kSplitVectors, true>(p, begin, end);
  } else {
    MultiplyRange<kVectors, false>(p, begin, end);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace espalier {
namespace {

HWY_EXPORT(BlockRowsKernel);
HWY_EXPORT(MultiplyKernel);

int64_t PairsOf(const IntegerMatrix& matrix) { return (matrix.columns + 1) / 2; }

// Whether the products of every `run` pairs of columns (from multiples of `run` on) with inputs of at most
// `largest_input` add up to less than 2^31.
bool RunFits(const IntegerMatrix& matrix, int64_t largest_input, int64_t run) {
  for (int64_t r = 0; r < matrix.rows; ++r) {
    const int16_t* row = matrix.weights.data() + r * matrix.columns;
    for (int64_t begin = 0; begin < matrix.columns; begin += 2 * run) {
      int64_t magnitude = 0;
      for (int64_t c = begin; c < std::min(matrix.columns, begin + 2 * run); ++c) magnitude += std::abs(row[c]);
      if (magnitude * largest_input > INT32_MAX) return false;
    }
  }
  return true;
}

// The longest run that fits, of those that halving finds. Of inputs up to 256 a pair always fits.
int64_t FindRun(const IntegerMatrix& matrix, int64_t largest_input) {
  int64_t run = PairsOf(matrix);
  while (run > 1 && !RunFits(matrix, largest_input, run)) run = (run + 1) / 2;
  return run;
}

// The matrix as Product::packed.
std::shared_ptr<std::byte> Pack(const IntegerMatrix& matrix, int64_t block) {
  const int64_t pairs = PairsOf(matrix), blocks = (matrix.rows + block - 1) / block;
  std::shared_ptr<std::byte> packed = AllocateAligned(blocks * block * pairs * 2 * sizeof(int16_t));
  for (int64_t r = 0; r < matrix.rows; ++r) {
    int16_t* to = reinterpret_cast<int16_t*>(packed.get()) + (r / block * pairs * block + r % block) * 2;
    for (int64_t c = 0; c < matrix.columns; ++c) to[c / 2 * block * 2 + c % 2] = matrix.weights[r * matrix.columns + c];
  }
  return packed;
}

}  // namespace

void FastMatrixEngine::Multiply(const IntegerMatrix& matrix, const Requantization& requantization,
                                const int16_t* inputs, int64_t batch, int16_t* outputs) {
  const int64_t largest_input = std::max(std::abs(matrix.input_minimum), std::abs(matrix.input_maximum));
  const bool split = !RunFits(matrix, largest_input, PairsOf(matrix));
  const std::shared_ptr<std::byte> packed = Pack(matrix, HWY_DYNAMIC_DISPATCH(BlockRowsKernel)());
  const Product product = {&matrix,
                           &requantization,
                           reinterpret_cast<const int16_t*>(packed.get()),
                           PairsOf(matrix),
                           split ? FindRun(matrix, 256) : PairsOf(matrix),
                           split,
                           inputs,
                           outputs};
  ParallelRanges(batch, kVectors, 2, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(MultiplyKernel)(product, begin, end);
  });
}

}  // namespace espalier
#endif  // HWY_ONCE
