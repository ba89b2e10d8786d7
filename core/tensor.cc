#include "core/tensor.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace espalier {

std::shared_ptr<std::byte> AllocateUninitialized(size_t bytes) {
  // Large blocks ask for huge pages: fewer page faults at first, fewer TLB misses later.
  constexpr size_t kHugePage = size_t{2} << 20;
  const bool large = bytes >= 4 * kHugePage;
  const size_t alignment = large ? kHugePage : kAlignment;
  const size_t rounded = (std::max(bytes, size_t{1}) + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded);
  CHECK(memory != nullptr) << "out of memory allocating " << bytes << " bytes";
  if (large) madvise(memory, rounded, MADV_HUGEPAGE);
  return {static_cast<std::byte*>(memory), [](std::byte* p) { std::free(p); }};
}

std::shared_ptr<std::byte> AllocateAligned(size_t bytes) {
  std::shared_ptr<std::byte> memory = AllocateUninitialized(bytes);
  std::memset(memory.get(), 0, bytes);
  return memory;
}

Tensor::Tensor(DType dtype, Shape shape)
    : dtype_(dtype), shape_(shape), storage_(AllocateAligned(shape.elements() * SizeOf(dtype))) {}

Tensor Tensor::Slice(int64_t begin, int64_t count) const {
  CHECK_GE(shape_.rank(), 1);
  CHECK(begin >= 0 && count >= 0 && begin + count <= shape_[0]) << "rows " << begin << "+" << count << " of " << shape_;
  Shape shape = shape_;
  shape[0] = count;
  const size_t row_bytes = static_cast<size_t>(shape_.Product(1, shape_.rank())) * SizeOf(dtype_);
  return Tensor(dtype_, shape, storage_, byte_offset_ + begin * row_bytes);
}

Tensor Tensor::Reshaped(Shape shape) const {
  CHECK_EQ(shape.elements(), elements()) << shape << " from " << shape_;
  return Tensor(dtype_, shape, storage_, byte_offset_);
}

Tensor Tensor::Copy() const {
  Tensor copy(dtype_, shape_);
  std::memcpy(copy.raw(), raw(), bytes());
  return copy;
}

}  // namespace espalier
