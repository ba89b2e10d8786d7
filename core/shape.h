// The dimensions of a dense, row-major tensor: at most six, stored inline.
#ifndef ESPALIER_CORE_SHAPE_H_
#define ESPALIER_CORE_SHAPE_H_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/types/span.h"
#include "glog/logging.h"

namespace espalier {

class Shape {
 public:
  static constexpr int kMaxRank = 6;

  Shape() = default;  // a scalar: rank 0, one element
  Shape(std::initializer_list<int64_t> dims) : Shape(absl::Span<const int64_t>(dims.begin(), dims.size())) {}
  explicit Shape(absl::Span<const int64_t> dims) {
    CHECK_LE(dims.size(), size_t{kMaxRank});
    for (int64_t dim : dims) dims_[rank_++] = dim;
  }

  int rank() const { return rank_; }
  int64_t operator[](int axis) const { return dims_[axis]; }
  int64_t& operator[](int axis) { return dims_[axis]; }
  const int64_t* begin() const { return dims_.data(); }
  const int64_t* end() const { return dims_.data() + rank_; }
  absl::Span<const int64_t> dims() const { return {dims_.data(), static_cast<size_t>(rank_)}; }

  // Product of dims [first, last); 1 when empty.
  int64_t Product(int first, int last) const {
    int64_t product = 1;
    for (int axis = first; axis < last; ++axis) product *= dims_[axis];
    return product;
  }
  int64_t elements() const { return Product(0, rank_); }

  // "[64, 3, 32, 32]".
  std::string ToString() const;

  friend bool operator==(const Shape& a, const Shape& b) { return a.dims() == b.dims(); }
  friend bool operator!=(const Shape& a, const Shape& b) { return !(a == b); }

 private:
  std::array<int64_t, kMaxRank> dims_ = {};
  int rank_ = 0;
};

inline std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.ToString(); }

}  // namespace espalier

#endif  // ESPALIER_CORE_SHAPE_H_
