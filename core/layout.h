// How a value's elements lie in memory: row-major, blocked, or known only to the kernels that share it. Layouts exist
// in the plan alone; tensors, checkpoints and exports are always plain.
#ifndef ESPALIER_CORE_LAYOUT_H_
#define ESPALIER_CORE_LAYOUT_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/operator.h"

namespace espalier {

class Layout {
 public:
  // One inner block: `size` consecutive indices of dimension `dim`, the last block innermost.
  struct Block {
    int dim;
    int64_t size;
    friend bool operator==(const Block& a, const Block& b) { return a.dim == b.dim && a.size == b.size; }
  };

  Layout() = default;  // plain: dense and row-major

  // Outer strides in elements, then inner blocks; dimensions are padded up to multiples of their blocks and the padding
  // holds zeros. Becomes plain when it is the same arrangement.
  static Layout Blocked(const Shape& shape, absl::Span<const int64_t> padded_dims, absl::Span<const int64_t> strides,
                        std::vector<Block> blocks);
  // `bytes` that only kernels knowing `tag` can read.
  static Layout Opaque(size_t bytes, std::string tag);

  bool plain() const { return kind_ == Kind::kPlain; }
  bool opaque() const { return kind_ == Kind::kOpaque; }
  bool blocked() const { return kind_ == Kind::kBlocked; }

  const std::vector<int64_t>& padded_dims() const { return padded_dims_; }
  const std::vector<int64_t>& strides() const { return strides_; }
  const std::vector<Block>& blocks() const { return blocks_; }

  // The bytes that a tensor of this type takes.
  size_t Bytes(const TensorType& type) const;
  // Elements in memory, padding included.
  int64_t PaddedElements(const Shape& shape) const;
  // The channel block b when the layout is N, C / b, spatial..., b ("nChw16c"): 0 for any other.
  int64_t ChannelBlock(const Shape& shape) const;

  // "plain"; one letter a dimension in memory order, upper case when it has inner blocks: "aBcd16b"; "opaque(tag)".
  std::string ToString() const;

  friend bool operator==(const Layout& a, const Layout& b);
  friend bool operator!=(const Layout& a, const Layout& b) { return !(a == b); }

 private:
  enum class Kind { kPlain, kBlocked, kOpaque };
  Kind kind_ = Kind::kPlain;
  std::vector<int64_t> padded_dims_;
  std::vector<int64_t> strides_;
  std::vector<Block> blocks_;
  size_t opaque_bytes_ = 0;
  std::string tag_;
};

}  // namespace espalier

#endif  // ESPALIER_CORE_LAYOUT_H_
