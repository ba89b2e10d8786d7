#include "hw/tpu/allocator.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace espalier::tpu {

absl::StatusOr<int64_t> RowAllocator::Allocate(int64_t rows) {
  const auto fit = std::find_if(free_.begin(), free_.end(), [rows](const auto& range) { return range.second >= rows; });
  if (fit == free_.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected ", rows, " rows in a piece, found ", rows_ - taken_, " free of ", rows_));
  }
  const auto [begin, length] = *fit;
  free_.erase(fit);
  if (length > rows) free_[begin + rows] = length - rows;
  taken_ += rows;
  high_water_ = std::max(high_water_, begin + rows);
  return begin;
}

void RowAllocator::Free(int64_t begin, int64_t rows) {
  auto next = free_.lower_bound(begin);
  CHECK(next == free_.end() || begin + rows <= next->first);
  taken_ -= rows;
  if (next != free_.end() && begin + rows == next->first) {
    rows += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    CHECK(before->first + before->second <= begin);
    if (before->first + before->second == begin) {
      before->second += rows;
      return;
    }
  }
  free_[begin] = rows;
}

}  // namespace espalier::tpu
