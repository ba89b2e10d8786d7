#include "compression/package/float_storage.h"

#include <algorithm>
#include <cstring>

#include "glog/logging.h"

namespace espalier {
namespace {

uint32_t Bits(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

template <typename T>
void Load(absl::string_view bytes, absl::Span<float> values) {
  for (size_t i = 0; i < values.size(); ++i) {
    T stored;
    std::memcpy(&stored, bytes.data() + i * sizeof stored, sizeof stored);
    values[i] = ToFloat(stored);
  }
}

}  // namespace

bool AllFinite(absl::Span<const float> values) {
  constexpr uint32_t kExponent = 0x7f800000;
  bool finite = true;  // no early exit: the loop is vectorised
  for (float value : values) finite &= (Bits(value) & kExponent) != kExponent;
  return finite;
}

bool StoredExactly(absl::Span<const float> values, DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return true;
    case DType::kF16:
      return std::all_of(values.begin(), values.end(), [](float v) { return Bits(ToFloat(ToFloat16(v))) == Bits(v); });
    case DType::kBF16:
      return std::all_of(values.begin(), values.end(), [](float v) { return Bits(ToFloat(ToBFloat16(v))) == Bits(v); });
    default:
      return false;
  }
}

DType SmallestExactType(absl::Span<const float> values) {
  for (DType dtype : {DType::kF16, DType::kBF16}) {
    if (StoredExactly(values, dtype)) return dtype;
  }
  return DType::kF32;
}

std::string StoreFloats(absl::Span<const float> values, DType dtype) {
  const size_t size = SizeOf(dtype);
  std::string bytes(values.size() * size, '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    uint32_t bits = Bits(values[i]);
    if (dtype == DType::kF16) bits = ToFloat16(values[i]).bits;
    if (dtype == DType::kBF16) bits = ToBFloat16(values[i]).bits;
    std::memcpy(&bytes[i * size], &bits, size);
  }
  return bytes;
}

void LoadFloats(absl::string_view bytes, DType dtype, absl::Span<float> values) {
  CHECK_EQ(bytes.size(), values.size() * SizeOf(dtype));
  if (dtype == DType::kF16) {
    Load<Float16>(bytes, values);
  } else if (dtype == DType::kBF16) {
    Load<BFloat16>(bytes, values);
  } else {
    CHECK(dtype == DType::kF32);
    if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  }
}

}  // namespace espalier
