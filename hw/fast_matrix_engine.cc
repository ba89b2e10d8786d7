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

// Inputs that one pass over a block of rows multiplies.
constexpr int kVectors = 4;

// What the kernel needs of a product. Rows come in blocks of two vectors of 32-bit lanes; a lane's row holds the
// products of two neighbouring columns, as the multiply-add of 16-bit pairs makes them.
struct Product {
  const IntegerMatrix* matrix;
  const Requantization* requantization;
  const int16_t* packed;  // [blocks, pairs, rows of a block, 2]; zero beyond the matrix
  int64_t pairs;
  int64_t run;  // pairs whose sum fits a 32-bit lane, wherever they start at a multiple of `run`
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

// sums[v][r] = the products of a block of rows with inputs v, in 64 bits.
template <int kCount>
HWY_INLINE void SumBlock(const Product& p, const int16_t* packed, const int16_t* inputs, int64_t* sums) {
  const hn::ScalableTag<int32_t> d;
  const hn::Repartition<int16_t, decltype(d)> d16;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), block = 2 * lanes, columns = p.matrix->columns;
  HWY_ALIGN int32_t lane_sums[2 * HWY_MAX_BYTES / sizeof(int32_t)];
  std::fill_n(sums, kCount * block, int64_t{0});
  for (int64_t begin = 0; begin < p.pairs; begin += p.run) {
    const int64_t end = std::min(p.pairs, begin + p.run);
    hn::Vec<decltype(d)> low[kCount], high[kCount], low_odd[kCount], high_odd[kCount];
    for (int v = 0; v < kCount; ++v) low[v] = high[v] = low_odd[v] = high_odd[v] = hn::Zero(d);
    for (int64_t pair = begin; pair < end; ++pair) {
      const auto w0 = hn::Load(d16, packed + pair * 2 * block);
      const auto w1 = hn::Load(d16, packed + pair * 2 * block + 2 * lanes);
      for (int v = 0; v < kCount; ++v) {
        const auto x = BroadcastPair(d, inputs + v * columns, pair, columns);
        low[v] = hn::ReorderWidenMulAccumulate(d, w0, x, low[v], low_odd[v]);
        high[v] = hn::ReorderWidenMulAccumulate(d, w1, x, high[v], high_odd[v]);
      }
    }
    for (int v = 0; v < kCount; ++v) {
      hn::Store(hn::RearrangeToOddPlusEven(low[v], low_odd[v]), d, lane_sums);
      hn::Store(hn::RearrangeToOddPlusEven(high[v], high_odd[v]), d, lane_sums + lanes);
      for (int64_t r = 0; r < block; ++r) sums[v * block + r] += lane_sums[r];
    }
  }
}

template <int kCount>
HWY_INLINE void MultiplyBlock(const Product& p, int64_t first_row, const int16_t* packed, int64_t vector) {
  const int64_t block = BlockRowsKernel(), rows = std::min(block, p.matrix->rows - first_row);
  int64_t sums[kCount * 2 * HWY_MAX_BYTES / sizeof(int32_t)];
  SumBlock<kCount>(p, packed, p.inputs + vector * p.matrix->columns, sums);
  for (int v = 0; v < kCount; ++v) {
    int16_t* out = p.outputs + (vector + v) * p.matrix->rows;
    for (int64_t r = first_row; r < first_row + rows; ++r) {
      out[r] = RequantizeSum(*p.requantization, r, sums[v * block + r - first_row] + p.matrix->bias[r]);
    }
  }
}

// Inputs [begin, end) times all rows. Blocks of rows are in the inner loop while few inputs are in the fast cache.
void MultiplyKernel(const Product& p, int64_t begin, int64_t end) {
  constexpr int64_t kTileElements = 1 << 15;
  const int64_t block = BlockRowsKernel();
  const int64_t tile = std::max<int64_t>(kVectors, kTileElements / p.matrix->columns / kVectors * kVectors);
  for (int64_t first = begin; first < end; first += tile) {
    const int64_t last = std::min(end, first + tile);
    for (int64_t row = 0; row < p.matrix->rows; row += block) {
      const int16_t* packed = p.packed + row * p.pairs * 2;
      int64_t vector = first;
      for (; vector + kVectors <= last; vector += kVectors) MultiplyBlock<kVectors>(p, row, packed, vector);
      for (; vector < last; ++vector) MultiplyBlock<1>(p, row, packed, vector);
    }
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

// Whether the products of every `run` pairs of columns (from multiples of `run` on) add up to less than 2^31.
bool RunFits(const IntegerMatrix& matrix, int64_t run) {
  const int64_t largest_input = std::max(std::abs(matrix.input_minimum), std::abs(matrix.input_maximum));
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

// The longest run that fits, of those that halving finds; 0: not even a pair does.
int64_t FindRun(const IntegerMatrix& matrix) {
  for (int64_t run = PairsOf(matrix); run > 1; run = (run + 1) / 2) {
    if (RunFits(matrix, run)) return run;
  }
  return RunFits(matrix, 1) ? 1 : 0;
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
  const int64_t run = FindRun(matrix);
  if (run == 0) return PlainMatrixEngine().Multiply(matrix, requantization, inputs, batch, outputs);
  const std::shared_ptr<std::byte> packed = Pack(matrix, HWY_DYNAMIC_DISPATCH(BlockRowsKernel)());
  const Product product = {
      &matrix, &requantization, reinterpret_cast<const int16_t*>(packed.get()), PairsOf(matrix), run, inputs, outputs};
  ParallelRanges(batch, kVectors, 2, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(MultiplyKernel)(product, begin, end);
  });
}

}  // namespace espalier
#endif  // HWY_ONCE
