// A tensor: a cheap value handle on shared storage. Always dense, row-major, in logical order (NCHW, OIHW), with a
// run-time element type and 64-byte aligned storage. It knows no layout, no stride and no gradient.
#ifndef ESPALIER_CORE_TENSOR_H_
#define ESPALIER_CORE_TENSOR_H_

#include <memory>

#include "core/dtype.h"
#include "core/shape.h"

namespace espalier {

inline constexpr size_t kAlignment = 64;

// Zeroed storage of at least `bytes`, aligned to kAlignment.
std::shared_ptr<std::byte> AllocateAligned(size_t bytes);

// The same, not zeroed.
std::shared_ptr<std::byte> AllocateUninitialized(size_t bytes);

class Tensor {
 public:
  Tensor() = default;                // empty: no storage; `valid()` is false
  Tensor(DType dtype, Shape shape);  // allocates, zeroed
  // Refers to `storage` from `byte_offset` on, without copying.
  Tensor(DType dtype, Shape shape, std::shared_ptr<std::byte> storage, size_t byte_offset = 0)
      : dtype_(dtype), shape_(shape), storage_(std::move(storage)), byte_offset_(byte_offset) {}

  // Refers to memory that somebody else owns and keeps. Allocates nothing.
  static Tensor Borrow(DType dtype, Shape shape, void* memory) {
    return Tensor(dtype, shape, std::shared_ptr<std::byte>(std::shared_ptr<void>(), static_cast<std::byte*>(memory)));
  }

  template <typename T>
  static Tensor Of(Shape shape, absl::Span<const T> values) {
    Tensor tensor(DTypeOf<T>::value, shape);
    CHECK_EQ(static_cast<size_t>(shape.elements()), values.size());
    std::copy(values.begin(), values.end(), tensor.template data<T>());
    return tensor;
  }

  bool valid() const { return storage_ != nullptr; }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t elements() const { return shape_.elements(); }
  size_t bytes() const { return static_cast<size_t>(elements()) * SizeOf(dtype_); }

  std::byte* raw() const { return storage_.get() + byte_offset_; }
  template <typename T>
  T* data() const {
    CHECK(DTypeOf<T>::value == dtype_) << "tensor holds " << Name(dtype_);
    return reinterpret_cast<T*>(raw());
  }
  template <typename T>
  absl::Span<T> span() const {
    return {data<T>(), static_cast<size_t>(elements())};
  }

  // Rows [begin, begin + count) of dimension 0, sharing this storage.
  Tensor Slice(int64_t begin, int64_t count) const;
  // The same elements under another shape of equal element count, sharing this storage.
  Tensor Reshaped(Shape shape) const;
  Tensor Copy() const;

 private:
  DType dtype_ = DType::kF32;
  Shape shape_;
  std::shared_ptr<std::byte> storage_;
  size_t byte_offset_ = 0;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_TENSOR_H_
