#include "core/dtype.h"

#include <immintrin.h>

namespace espalier {

absl::string_view Name(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "f32";
    case DType::kBF16:
      return "bf16";
    case DType::kF16:
      return "f16";
    case DType::kS8:
      return "s8";
    case DType::kU8:
      return "u8";
    case DType::kS32:
      return "s32";
  }
  return "?";
}

BFloat16 ToBFloat16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  // A NaN must stay one: rounding up could carry its payload into infinity.
  if ((bits & 0x7fffffff) > 0x7f800000) return {static_cast<uint16_t>((bits >> 16) | 0x40)};
  const uint32_t rounding = 0x7fff + ((bits >> 16) & 1);
  return {static_cast<uint16_t>((bits + rounding) >> 16)};
}

float ToFloat(Float16 value) { return _cvtsh_ss(value.bits); }

Float16 ToFloat16(float value) { return {_cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT)}; }

}  // namespace espalier
