// Kernels that move elements: strided block copies (concatenation, slices), transposition, gathering of rows, and the
// grouped sum that is gathering's adjoint.
#ifndef ESPALIER_CORE_KERNELS_STRUCTURE_KERNELS_H_
#define ESPALIER_CORE_KERNELS_STRUCTURE_KERNELS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/dtype.h"
#include "core/shape.h"

namespace espalier {

// `count` blocks of `bytes`; block k lies at k * step from the first one. Steps are in bytes.
struct Blocks {
  int64_t count, bytes;
  int64_t from_step, to_step;
};

void CopyBlocks(const Blocks& blocks, const void* from, void* to);
// Zeroes the blocks at `to`; from_step is not used.
void ZeroBlocks(const Blocks& blocks, void* to);

// A transposition, decided once: dimension i of the output is dimension order[i] of the input. Dimensions of size 1 are
// left out and neighbours that stay neighbours are merged.
struct TransposePlan {
  struct Dimension {
    int64_t size;
    int64_t from_stride, to_stride;  // in elements
  };
  std::vector<Dimension> outer;  // walked by loops
  Dimension row = {1, 0, 0};     // contiguous in the input
  Dimension column = {1, 0, 0};  // contiguous in the output; when it is contiguous in both, `row` is not used
  int64_t elements = 0;
};

TransposePlan PlanTranspose(const Shape& shape, absl::Span<const int> order);
// Elements of 1, 2 or 4 bytes.
void Transpose(const TransposePlan& plan, size_t element_bytes, const void* from, void* to);

// to[i] = table[indices[i]], rows of `row_bytes`. Indices outside [0, rows) are a broken invariant.
void Gather(const void* table, int64_t rows, int64_t row_bytes, absl::Span<const int32_t> indices, void* to);

// Sums of the rows of dy by index: dtable[r] = sum of dy[i] with indices[i] = r. Does not depend on the number of
// threads.
struct GroupedSum {
  int64_t rows, columns;  // of the table
  int64_t count;          // of indices
  size_t ScratchBytes() const;
};
void SumByIndex(const GroupedSum& sum, DType dtype, const void* dy, const int32_t* indices, float* scratch,
                float* dtable);

}  // namespace espalier

#endif  // ESPALIER_CORE_KERNELS_STRUCTURE_KERNELS_H_
