#include "core/layout.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

// Dimensions from the outermost to the innermost; those of size 1 have no place and keep their order.
std::vector<int> MemoryOrder(absl::Span<const int64_t> strides) {
  std::vector<int> order(strides.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return strides[a] > strides[b]; });
  return order;
}

bool IsRowMajor(const Shape& shape, absl::Span<const int64_t> padded_dims, absl::Span<const int64_t> strides) {
  int64_t expected = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    if (padded_dims[axis] != shape[axis]) return false;
    if (shape[axis] != 1 && strides[axis] != expected) return false;
    expected *= shape[axis];
  }
  return true;
}

}  // namespace

Layout Layout::Blocked(const Shape& shape, absl::Span<const int64_t> padded_dims, absl::Span<const int64_t> strides,
                       std::vector<Block> blocks) {
  Layout layout;
  if (blocks.empty() && IsRowMajor(shape, padded_dims, strides)) return layout;
  layout.kind_ = Kind::kBlocked;
  layout.padded_dims_.assign(padded_dims.begin(), padded_dims.end());
  layout.strides_.assign(strides.begin(), strides.end());
  layout.blocks_ = std::move(blocks);
  return layout;
}

Layout Layout::Opaque(size_t bytes, std::string tag) {
  Layout layout;
  layout.kind_ = Kind::kOpaque;
  layout.opaque_bytes_ = bytes;
  layout.tag_ = std::move(tag);
  return layout;
}

int64_t Layout::PaddedElements(const Shape& shape) const {
  if (!blocked()) return shape.elements();
  int64_t elements = 1;
  for (int64_t dim : padded_dims_) elements *= dim;
  return elements;
}

size_t Layout::Bytes(const TensorType& type) const {
  if (opaque()) return opaque_bytes_;
  return static_cast<size_t>(PaddedElements(type.shape)) * SizeOf(type.dtype);
}

int64_t Layout::ChannelBlock(const Shape& shape) const {
  if (!blocked() || blocks_.size() != 1 || blocks_[0].dim != 1) return 0;
  int64_t expected = blocks_[0].size;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    const int64_t extent = axis == 1 ? padded_dims_[1] / blocks_[0].size : padded_dims_[axis];
    if (extent != 1 && strides_[axis] != expected) return 0;
    expected *= extent;
  }
  return blocks_[0].size;
}

std::string Layout::ToString() const {
  if (plain()) return "plain";
  if (opaque()) return absl::StrCat("opaque(", tag_, ")");
  std::string text;
  for (int axis : MemoryOrder(strides_)) {
    const bool has_blocks = std::any_of(blocks_.begin(), blocks_.end(), [&](const Block& b) { return b.dim == axis; });
    text += static_cast<char>((has_blocks ? 'A' : 'a') + axis);
  }
  for (const Block& block : blocks_) absl::StrAppend(&text, block.size, std::string(1, 'a' + block.dim));
  return text;
}

bool operator==(const Layout& a, const Layout& b) {
  if (a.kind_ != b.kind_) return false;
  if (a.plain()) return true;
  if (a.opaque()) return a.tag_ == b.tag_ && a.opaque_bytes_ == b.opaque_bytes_;
  if (a.padded_dims_ != b.padded_dims_ || !(a.blocks_ == b.blocks_)) return false;
  for (size_t axis = 0; axis < a.strides_.size(); ++axis) {
    // The stride of a dimension with one outer index is never used.
    int64_t extent = a.padded_dims_[axis];
    for (const Layout::Block& block : a.blocks_) {
      if (block.dim == static_cast<int>(axis)) extent /= block.size;
    }
    if (extent != 1 && a.strides_[axis] != b.strides_[axis]) return false;
  }
  return true;
}

}  // namespace espalier
