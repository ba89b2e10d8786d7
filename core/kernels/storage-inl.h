// Vector access to f32, bf16 and f16 memory with f32 arithmetic, for Highway kernels. Included once per target, inside
// foreach_target's loop.
#if defined(ESPALIER_CORE_KERNELS_STORAGE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ESPALIER_CORE_KERNELS_STORAGE_INL_H_
#undef ESPALIER_CORE_KERNELS_STORAGE_INL_H_
#else
#define ESPALIER_CORE_KERNELS_STORAGE_INL_H_
#endif

#include "core/dtype.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace espalier {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE hn::Vec<D> LoadF32(D d, const float* from) {
  return hn::LoadU(d, from);
}

template <class D>
HWY_INLINE void StoreF32(D d, hn::Vec<D> value, float* to) {
  hn::StoreU(value, d, to);
}

template <class D>
HWY_INLINE hn::Vec<D> LoadF32(D d, const BFloat16* from) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::RebindToUnsigned<D> d32;
  const auto wide = hn::PromoteTo(d32, hn::LoadU(d16, &from->bits));
  return hn::BitCast(d, hn::ShiftLeft<16>(wide));
}

// Rounds to nearest even; a NaN becomes a quiet one, as ToBFloat16 does.
template <class D>
HWY_INLINE void StoreF32(D /*d*/, hn::Vec<D> value, BFloat16* to) {
  const hn::Rebind<uint16_t, D> d16;
  const hn::RebindToUnsigned<D> d32;
  const hn::RebindToSigned<D> i32;
  const auto bits = hn::BitCast(d32, value);
  const auto high = hn::ShiftRight<16>(bits);
  const auto odd = hn::And(high, hn::Set(d32, 1));
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(odd, hn::Set(d32, 0x7fff))));
  const auto is_nan = hn::RebindMask(d32, hn::IsNaN(value));
  const auto chosen = hn::IfThenElse(is_nan, hn::Or(high, hn::Set(d32, 0x40)), rounded);
  hn::StoreU(hn::DemoteTo(d16, hn::BitCast(i32, chosen)), d16, &to->bits);
}

template <class D>
HWY_INLINE hn::Vec<D> LoadF32(D d, const Float16* from) {
  const hn::Rebind<hwy::float16_t, D> d16;
  return hn::PromoteTo(d, hn::LoadU(d16, reinterpret_cast<const hwy::float16_t*>(&from->bits)));
}

template <class D>
HWY_INLINE void StoreF32(D /*d*/, hn::Vec<D> value, Float16* to) {
  const hn::Rebind<hwy::float16_t, D> d16;
  hn::StoreU(hn::DemoteTo(d16, value), d16, reinterpret_cast<hwy::float16_t*>(&to->bits));
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace HWY_NAMESPACE
}  // namespace espalier
HWY_AFTER_NAMESPACE();

#endif  // ESPALIER_CORE_KERNELS_STORAGE_INL_H_
