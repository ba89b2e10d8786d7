// How reference kernels read and write the elements of a float tensor of any type (f32, bf16, f16): as f32, one at a
// time, in row-major order. Slow and plain on purpose.
#ifndef ESPALIER_CORE_OPS_REFERENCE_ACCESS_H_
#define ESPALIER_CORE_OPS_REFERENCE_ACCESS_H_

#include <vector>

#include "absl/types/span.h"
#include "core/tensor.h"

namespace espalier {

// Loops of fewer steps than this run on one thread: waking others would cost more.
inline constexpr int64_t kParallelSteps = 1 << 22;

class FloatElements {
 public:
  explicit FloatElements(const Tensor& tensor)
      : dtype_(tensor.dtype()), data_(tensor.raw()), elements_(tensor.elements()) {
    CHECK(IsFloat(dtype_)) << "no float tensor: " << Name(dtype_);
  }
  int64_t size() const { return elements_; }

  float operator[](int64_t index) const {
    switch (dtype_) {
      case DType::kBF16:
        return ToFloat(reinterpret_cast<const BFloat16*>(data_)[index]);
      case DType::kF16:
        return ToFloat(reinterpret_cast<const Float16*>(data_)[index]);
      default:
        return reinterpret_cast<const float*>(data_)[index];
    }
  }

  // Stores `value` rounded to the tensor's type.
  void Set(int64_t index, float value) const {
    switch (dtype_) {
      case DType::kBF16:
        reinterpret_cast<BFloat16*>(data_)[index] = ToBFloat16(value);
        break;
      case DType::kF16:
        reinterpret_cast<Float16*>(data_)[index] = ToFloat16(value);
        break;
      default:
        reinterpret_cast<float*>(data_)[index] = value;
    }
  }

 private:
  DType dtype_;
  std::byte* data_;
  int64_t elements_;
};

// All elements, for kernels that read each of them many times.
inline std::vector<float> LoadFloats(const Tensor& tensor) {
  const FloatElements elements(tensor);
  std::vector<float> values(elements.size());
  for (int64_t i = 0; i < elements.size(); ++i) values[i] = elements[i];
  return values;
}

// Stores all elements, rounded to the tensor's type.
inline void StoreFloats(absl::Span<const float> values, const Tensor& tensor) {
  const FloatElements elements(tensor);
  CHECK_EQ(static_cast<int64_t>(values.size()), elements.size());
  for (int64_t i = 0; i < elements.size(); ++i) elements.Set(i, values[i]);
}

}  // namespace espalier

#endif  // ESPALIER_CORE_OPS_REFERENCE_ACCESS_H_
