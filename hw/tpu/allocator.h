// Which rows of the unified buffer are taken.
#ifndef ESPALIER_HW_TPU_ALLOCATOR_H_
#define ESPALIER_HW_TPU_ALLOCATOR_H_

#include <cstdint>
#include <map>

#include "absl/status/statusor.h"

namespace espalier::tpu {

// First fit over the free ranges.
class RowAllocator {
 public:
  explicit RowAllocator(int64_t rows) : rows_(rows) { free_[0] = rows; }

  // The first of `rows` rows. InvalidArgument if no free range is so long.
  absl::StatusOr<int64_t> Allocate(int64_t rows);
  // Of a range that was allocated.
  void Free(int64_t begin, int64_t rows);
  // The end of the highest range that was ever taken.
  int64_t high_water() const { return high_water_; }

 private:
  int64_t rows_;
  int64_t taken_ = 0, high_water_ = 0;
  std::map<int64_t, int64_t> free_;  // begin -> length, neither touching nor overlapping
};

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_ALLOCATOR_H_
