// Run-time element types, and the scalar conversions of the two 16-bit floats (round to nearest, ties to even).
#ifndef ESPALIER_CORE_DTYPE_H_
#define ESPALIER_CORE_DTYPE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"

namespace espalier {

enum class DType : uint8_t { kF32, kBF16, kF16, kS8, kU8, kS32 };

// Bytes of one element.
constexpr size_t SizeOf(DType dtype) {
  switch (dtype) {
    case DType::kF32:
    case DType::kS32:
      return 4;
    case DType::kBF16:
    case DType::kF16:
      return 2;
    case DType::kS8:
    case DType::kU8:
      return 1;
  }
  return 0;
}

constexpr bool IsFloat(DType dtype) { return dtype == DType::kF32 || dtype == DType::kBF16 || dtype == DType::kF16; }

// "f32", "bf16", "f16", "s8", "u8", "s32".
absl::string_view Name(DType dtype);

// Storage types: plain bits with no arithmetic.
struct BFloat16 {
  uint16_t bits;
};
struct Float16 {
  uint16_t bits;
};

inline float ToFloat(BFloat16 value) {
  const uint32_t wide = uint32_t{value.bits} << 16;
  float result;
  std::memcpy(&result, &wide, sizeof result);
  return result;
}
BFloat16 ToBFloat16(float value);
float ToFloat(Float16 value);
Float16 ToFloat16(float value);

// The DType of a C++ element type.
template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::kF32;
};
template <>
struct DTypeOf<BFloat16> {
  static constexpr DType value = DType::kBF16;
};
template <>
struct DTypeOf<Float16> {
  static constexpr DType value = DType::kF16;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr DType value = DType::kS8;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::kU8;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::kS32;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_DTYPE_H_
