// A matrix of few distinct weights as its non-zeros, column by column: what the compiler starts from.
#ifndef ESPALIER_HW_EIE_SPARSE_MATRIX_H_
#define ESPALIER_HW_EIE_SPARSE_MATRIX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hw/matrix_engine.h"

namespace espalier {

struct SparseMatrix {
  std::string name;
  int64_t rows = 0, columns = 0;
  std::vector<int64_t> column_starts;  // columns + 1
  std::vector<int32_t> row_indices;    // ascending in a column
  std::vector<uint16_t> codes;         // of each non-zero: >= 1
  std::vector<int16_t> codebook;       // codebook[0] == 0: no weight
  std::vector<int64_t> bias;           // of each row

  int64_t non_zeros() const { return static_cast<int64_t>(row_indices.size()); }
};

// Its non-zeros, with a codebook of its distinct weights in ascending order behind the zero: codes of a network's
// package need no more. InvalidArgument if the matrix contradicts itself or has more than 2^code_bits - 1 distinct
// non-zero weights.
absl::StatusOr<SparseMatrix> Compress(const IntegerMatrix& matrix, int code_bits);

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_SPARSE_MATRIX_H_
