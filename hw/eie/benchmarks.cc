#include "hw/eie/benchmarks.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/random.h"

namespace espalier {

const std::array<EieBenchmark, 9>& EieBenchmarks() {
  static constexpr std::array<EieBenchmark, 9> kBenchmarks = {{
      {"Alex-6", 9216, 4096, 0.09, 0.351, 30.3, 23115, 3257},
      {"Alex-7", 4096, 4096, 0.09, 0.353, 12.2, 10049, 1413},
      {"Alex-8", 4096, 1000, 0.25, 0.375, 9.9, 6290, 1491},
      {"VGG-6", 25088, 4096, 0.04, 0.183, 34.4, 20067, 4657},
      {"VGG-7", 4096, 4096, 0.04, 0.375, 8.7, 6429, 1489},
      {"VGG-8", 4096, 1000, 0.23, 0.411, 8.4, 6498, 1661},
      {"NT-We", 4096, 600, 0.10, 1, 8.0, 5938, 4096},
      {"NT-Wd", 600, 8791, 0.11, 1, 13.9, 10722, 600},
      {"NT-LSTM", 1201, 2400, 0.10, 1, 7.5, 5375, 1201},
  }};
  return kBenchmarks;
}

int64_t EieBenchmark::NonZeroActivations() const {
  return std::llround(activation_density * static_cast<double>(columns));
}

absl::StatusOr<EieBenchmark> FindEieBenchmark(absl::string_view name) {
  std::string names;
  for (const EieBenchmark& benchmark : EieBenchmarks()) {
    if (name == benchmark.name) return benchmark;
    absl::StrAppend(&names, names.empty() ? "" : ", ", benchmark.name);
  }
  return absl::NotFoundError(absl::StrCat("expected a layer among ", names, ", found \"", name, "\""));
}

SparseMatrix RandomLayer(const EieBenchmark& benchmark, uint64_t seed) {
  constexpr int kCodes = 15;
  SparseMatrix matrix;
  matrix.name = benchmark.name;
  matrix.rows = benchmark.rows;
  matrix.columns = benchmark.columns;
  matrix.bias.assign(matrix.rows, 0);
  matrix.codebook = {0};
  for (int code = 1; code <= kCodes; ++code) matrix.codebook.push_back(static_cast<int16_t>(257 * code - 8 * 257 + 1));
  // The distance to the next non-zero is geometrically distributed.
  const float scale = 1 / std::log1p(-static_cast<float>(benchmark.weight_density));
  matrix.column_starts = {0};
  for (int64_t column = 0; column < matrix.columns; ++column) {
    Random random(seed, "eie/weights", 0, column);
    const auto gap = [&] { return static_cast<int64_t>(std::log1p(-random.Uniform()) * scale); };
    for (int64_t row = gap(); row < matrix.rows; row += 1 + gap()) {
      matrix.row_indices.push_back(static_cast<int32_t>(row));
      matrix.codes.push_back(static_cast<uint16_t>(1 + row * 7 % kCodes));
    }
    matrix.column_starts.push_back(matrix.non_zeros());
  }
  return matrix;
}

std::vector<int16_t> RandomActivations(const EieBenchmark& benchmark, int64_t non_zeros, uint64_t seed) {
  std::vector<int16_t> activations(benchmark.columns);
  Random random(seed, "eie/activations", 0, 0);
  for (int64_t i = 0; i < non_zeros; ++i) {
    const uint64_t at = PermutedIndex(i, benchmark.columns, seed, "eie/activations", 0);
    activations[at] = static_cast<int16_t>(1 + random.Below(1000));
  }
  return activations;
}

}  // namespace espalier
