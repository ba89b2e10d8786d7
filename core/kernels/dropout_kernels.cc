#include "core/kernels/dropout_kernels.h"

#include <cmath>
#include <cstring>

#include "core/kernels/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/dropout_kernels.cc"
#include "hwy/foreach_target.h"
// clang-format off: must follow foreach_target.h
#include "core/kernels/storage-inl.h"
#include "hwy/highway.h"
// clang-format on

#ifndef ESPALIER_CORE_KERNELS_DROPOUT_ROW_
#define ESPALIER_CORE_KERNELS_DROPOUT_ROW_
namespace espalier {
namespace {

// A range of one sample.
struct DropoutRange {
  uint32_t key[2];
  uint32_t counter[3];  // epoch, low and high word of the sample id
  int64_t begin, end;   // elements; begin is a multiple of 4
  uint32_t threshold;   // an element is kept when its 24 random bits reach it
  float scale;
};

}  // namespace
}  // namespace espalier
#endif  // ESPALIER_CORE_KERNELS_DROPOUT_ROW_

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {

using D = hn::ScalableTag<float>;
using D32 = hn::RebindToUnsigned<D>;
using V32 = hn::Vec<D32>;

// The high and low words of the 64-bit products of all lanes.
HWY_INLINE void MultiplyWords(V32 a, V32 multiplier, V32& high, V32& low) {
  const D32 d;
  const hn::Repartition<uint64_t, D32> d64;
  const auto even = hn::MulEven(a, multiplier);
  const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(d64, a))), multiplier);
  high = hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, hn::ShiftRight<32>(even)));
  low = hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)), hn::BitCast(d, even));
}

// Philox4x32-10 as in core/random.h on a vector of counters.
HWY_INLINE void PhiloxVector(const uint32_t* keys, V32 counter[4]) {
  const D32 d;
  const V32 multiplier0 = hn::Set(d, 0xD2511F53u), multiplier1 = hn::Set(d, 0xCD9E8D57u);
  V32 key0 = hn::Set(d, keys[0]), key1 = hn::Set(d, keys[1]);
  for (int round = 0; round < 10; ++round) {
    V32 high0, low0, high1, low1;
    MultiplyWords(counter[0], multiplier0, high0, low0);
    MultiplyWords(counter[2], multiplier1, high1, low1);
    counter[0] = hn::Xor(hn::Xor(high1, counter[1]), key0);
    counter[1] = low1;
    counter[2] = hn::Xor(hn::Xor(high0, counter[3]), key1);
    counter[3] = low0;
    key0 = hn::Add(key0, hn::Set(d, 0x9E3779B9u));
    key1 = hn::Add(key1, hn::Set(d, 0xBB67AE85u));
  }
}

template <typename T>
HWY_INLINE void DropVector(const T* x, const uint32_t* bits, uint32_t threshold, float scale, T* y) {
  const D d;
  const hn::RebindToSigned<D> d_signed;
  const auto drawn = hn::BitCast(d_signed, hn::ShiftRight<8>(hn::Load(D32(), bits)));
  // Highway compares integers by > only.
  const auto below = hn::Set(d_signed, static_cast<int32_t>(threshold) - 1);
  const auto keep = hn::RebindMask(d, hn::Gt(drawn, below));
  StoreF32(d, hn::IfThenElseZero(keep, hn::Mul(LoadF32(d, x), hn::Set(d, scale))), y);
}

template <typename T>
void DropRange(const DropoutRange& range, const T* x, T* y) {
  const D32 d;
  const int64_t lanes = hn::Lanes(d);
  HWY_ALIGN uint32_t bits[4 * hn::MaxLanes(d)];
  for (int64_t i = range.begin; i < range.end; i += 4 * lanes) {
    V32 words[4] = {hn::Iota(d, static_cast<uint32_t>(i / 4)), hn::Set(d, range.counter[0]),
                    hn::Set(d, range.counter[1]), hn::Set(d, range.counter[2])};
    PhiloxVector(range.key, words);
    hn::StoreInterleaved4(words[0], words[1], words[2], words[3], d, bits);
    for (int64_t j = 0; j < 4 * lanes && i + j < range.end; j += lanes) {
      const int64_t rest = range.end - i - j;
      if (rest >= lanes) {
        DropVector(x + i + j, bits + j, range.threshold, range.scale, y + i + j);
      } else {
        T buffer[hn::MaxLanes(d)] = {};
        std::memcpy(buffer, x + i + j, rest * sizeof(T));
        DropVector(buffer, bits + j, range.threshold, range.scale, buffer);
        std::memcpy(y + i + j, buffer, rest * sizeof(T));
      }
    }
  }
}

// x and y: the sample's first element.
void DropoutKernel(DType dtype, const DropoutRange& range, const std::byte* x, std::byte* y) {
  if (dtype == DType::kBF16) {
    return DropRange(range, reinterpret_cast<const BFloat16*>(x), reinterpret_cast<BFloat16*>(y));
  }
  if (dtype == DType::kF16) {
    return DropRange(range, reinterpret_cast<const Float16*>(x), reinterpret_cast<Float16*>(y));
  }
  DropRange(range, reinterpret_cast<const float*>(x), reinterpret_cast<float*>(y));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace espalier {
namespace {

HWY_EXPORT(DropoutKernel);

// Elements whose mask one thread draws at a time: a multiple of four vectors.
constexpr int64_t kChunk = 1024;

}  // namespace

void Dropout(DType dtype, const void* x, const int32_t* sample_ids, int64_t samples, int64_t elements, float rate,
             const DropoutStream& stream, void* y) {
  const int64_t chunks = (elements + kChunk - 1) / kChunk;
  const int64_t sample_bytes = elements * static_cast<int64_t>(SizeOf(dtype));
  const bool serial = samples * elements < kSerialElements;
  DropoutRange range;
  range.key[0] = static_cast<uint32_t>(stream.seed);
  range.key[1] = static_cast<uint32_t>(stream.seed >> 32) ^ stream.purpose;
  range.threshold = static_cast<uint32_t>(std::ceil(rate * 0x1p24f));
  range.scale = 1 / (1 - rate);
  ParallelRanges(samples * chunks, 1, serial ? samples * chunks + 1 : 0, [&](int64_t first, int64_t last) {
    DropoutRange own = range;
    for (int64_t chunk = first; chunk < last; ++chunk) {
      const int64_t sample = chunk / chunks;
      own.counter[0] = stream.epoch;
      own.counter[1] = static_cast<uint32_t>(sample_ids[sample]);
      own.counter[2] = 0;
      own.begin = chunk % chunks * kChunk;
      own.end = std::min(elements, own.begin + kChunk);
      HWY_DYNAMIC_DISPATCH(DropoutKernel)
      (dtype, own, static_cast<const std::byte*>(x) + sample * sample_bytes,
       static_cast<std::byte*>(y) + sample * sample_bytes);
    }
  });
}

}  // namespace espalier
#endif  // HWY_ONCE
