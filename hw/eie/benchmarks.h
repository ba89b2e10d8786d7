// The nine layers on which EIE was published, with random weights and activations of their sizes and densities.
#ifndef ESPALIER_HW_EIE_BENCHMARKS_H_
#define ESPALIER_HW_EIE_BENCHMARKS_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hw/eie/sparse_matrix.h"

namespace espalier {

struct EieBenchmark {
  const char* name;
  int64_t columns, rows;  // inputs, outputs
  double weight_density, activation_density;
  double published_us;  // measured ("actual") by the paper, its Table IV
  // Of the authors' cycle-level simulator (github.com/RalphMao/EIE-simulator), for one random layer of this size and
  // density, in which so many activations happened to be non-zero.
  int64_t known_cycles, known_activations;

  // By the published density.
  int64_t NonZeroActivations() const;
};

// The sizes and densities are those of the paper's Table III.
const std::array<EieBenchmark, 9>& EieBenchmarks();

// NotFound, with the names, if there is none of that name.
absl::StatusOr<EieBenchmark> FindEieBenchmark(absl::string_view name);

// Each weight is non-zero with the benchmark's probability, and then one of 15 values with equal ones.
SparseMatrix RandomLayer(const EieBenchmark& benchmark, uint64_t seed);

// So many non-zero activations, at random places.
std::vector<int16_t> RandomActivations(const EieBenchmark& benchmark, int64_t non_zeros, uint64_t seed);

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_BENCHMARKS_H_
