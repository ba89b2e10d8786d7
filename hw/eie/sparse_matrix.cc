#include "hw/eie/sparse_matrix.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/status.h"

namespace espalier {
namespace {

constexpr int kWeightValues = 1 << 16;

int IndexOf(int16_t weight) { return weight - std::numeric_limits<int16_t>::min(); }

absl::Status CheckSizes(const IntegerMatrix& matrix) {
  constexpr int64_t kMaximum = std::numeric_limits<int32_t>::max();
  if (matrix.rows < 1 || matrix.columns < 1 || matrix.rows > kMaximum || matrix.columns > kMaximum) {
    return absl::InvalidArgumentError(absl::StrCat(matrix.name, ": expected 1 to 2^31 - 1 rows and columns, found ",
                                                   matrix.rows, " x ", matrix.columns));
  }
  if (matrix.weights.size() != static_cast<size_t>(matrix.rows * matrix.columns)) {
    return absl::InvalidArgumentError(absl::StrCat(matrix.name, ": expected ", matrix.rows, " x ", matrix.columns,
                                                   " weights, found ", matrix.weights.size()));
  }
  if (matrix.bias.size() != static_cast<size_t>(matrix.rows)) {
    return absl::InvalidArgumentError(
        absl::StrCat(matrix.name, ": expected a bias for each of ", matrix.rows, " rows, found ", matrix.bias.size()));
  }
  return absl::OkStatus();
}

// Sets the codebook, and code_of[weight] for all weights that occur.
absl::Status NumberWeights(const IntegerMatrix& matrix, int code_bits, std::vector<uint16_t>* code_of,
                           std::vector<int16_t>* codebook) {
  std::vector<bool> occurs(kWeightValues);
  for (const int16_t weight : matrix.weights) occurs[IndexOf(weight)] = true;
  *codebook = {0};
  for (int index = 0; index < kWeightValues; ++index) {
    const int16_t weight = static_cast<int16_t>(index + std::numeric_limits<int16_t>::min());
    if (!occurs[index] || weight == 0) continue;
    (*code_of)[index] = static_cast<uint16_t>(codebook->size());
    codebook->push_back(weight);
  }
  const size_t limit = size_t{1} << code_bits;
  if (codebook->size() > limit) {
    return absl::InvalidArgumentError(absl::StrCat(
        matrix.name, ": expected at most ", limit - 1, " distinct non-zero weights, which is what codes of ", code_bits,
        " bits tell apart beside the zero, found ", codebook->size() - 1,
        "; share the weights among fewer values or give the entries wider codes"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SparseMatrix> Compress(const IntegerMatrix& matrix, int code_bits) {
  RETURN_IF_ERROR(CheckSizes(matrix));
  SparseMatrix sparse;
  sparse.name = matrix.name;
  sparse.rows = matrix.rows;
  sparse.columns = matrix.columns;
  sparse.bias = matrix.bias;
  std::vector<uint16_t> code_of(kWeightValues);
  RETURN_IF_ERROR(NumberWeights(matrix, code_bits, &code_of, &sparse.codebook));

  // Counts, then places: both passes read the weights in the order they are stored in.
  sparse.column_starts.assign(matrix.columns + 1, 0);
  const int16_t* weight = matrix.weights.data();
  for (int64_t row = 0; row < matrix.rows; ++row) {
    for (int64_t column = 0; column < matrix.columns; ++column) {
      sparse.column_starts[column + 1] += *weight++ != 0;
    }
  }
  for (int64_t column = 0; column < matrix.columns; ++column) {
    sparse.column_starts[column + 1] += sparse.column_starts[column];
  }
  sparse.row_indices.resize(sparse.column_starts.back());
  sparse.codes.resize(sparse.column_starts.back());
  std::vector<int64_t> next(sparse.column_starts.begin(), sparse.column_starts.end() - 1);
  weight = matrix.weights.data();
  for (int64_t row = 0; row < matrix.rows; ++row) {
    for (int64_t column = 0; column < matrix.columns; ++column, ++weight) {
      if (*weight == 0) continue;
      const int64_t at = next[column]++;
      sparse.row_indices[at] = static_cast<int32_t>(row);
      sparse.codes[at] = code_of[IndexOf(*weight)];
    }
  }
  return sparse;
}

}  // namespace espalier
