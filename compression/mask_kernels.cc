#include "compression/mask_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "compression/mask_kernels.cc"
#include "hwy/foreach_target.h"
// clang-format off: must follow foreach_target.h
#include "hwy/highway.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kWordBits = 64;

void FillMaskedKernel(const uint8_t* bits, int64_t count, float value, float* values) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = hn::Lanes(d);
  const auto fill = hn::Set(d, value);
  int64_t i = 0;
  for (; i + kWordBits <= count; i += kWordBits) {
    uint64_t word;
    hwy::CopyBytes<sizeof word>(bits + i / 8, &word);
    if (word == ~uint64_t{0}) continue;
    for (int64_t lane = 0; lane < kWordBits; lane += lanes) {
      const uint64_t part = word >> lane;
      const auto kept = hn::LoadMaskBits(d, reinterpret_cast<const uint8_t*>(&part));
      float* at = values + i + lane;
      hn::StoreU(hn::IfThenElse(kept, hn::LoadU(d, at), fill), d, at);
    }
  }
  for (; i < count; ++i) {
    if ((bits[i / 8] >> (i % 8) & 1) == 0) values[i] = value;
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace espalier {

HWY_EXPORT(FillMaskedKernel);

void FillMasked(const uint8_t* bits, int64_t count, float value, float* values) {
  HWY_DYNAMIC_DISPATCH(FillMaskedKernel)(bits, count, value, values);
}

void ReferenceFillMasked(const uint8_t* bits, int64_t count, float value, float* values) {
  for (int64_t i = 0; i < count; ++i) {
    if ((bits[i / 8] >> (i % 8) & 1) == 0) values[i] = value;
  }
}

}  // namespace espalier
#endif  // HWY_ONCE
