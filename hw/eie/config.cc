#include "hw/eie/config.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace espalier {
namespace {

class Problems {
 public:
  void Range(const char* field, int64_t value, int64_t low, int64_t high) {
    if (value < low || value > high) {
      all_.push_back(absl::StrCat(field, ": expected ", low, " to ", high, ", found ", value));
    }
  }
  void Add(std::string problem) { all_.push_back(std::move(problem)); }
  absl::Status status() const {
    if (all_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("EIE configuration: ", absl::StrJoin(all_, "; ")));
  }

 private:
  std::vector<std::string> all_;
};

constexpr int kMaximumProductShift = 31;

}  // namespace

int64_t EieConfig::MaximumEntries() const {
  // A column pointer may point behind the last entry.
  return pointer_bits >= 32 ? MatrixCapacity() : std::min(MatrixCapacity(), (int64_t{1} << pointer_bits) - 1);
}

int64_t EieConfig::ActivationSramCycles(int64_t activations) const {
  const int64_t word = activation_sram_width / kActivationBits;
  return (activations + word - 1) / word;
}

absl::Status Validate(const EieConfig& config) {
  constexpr int64_t kMaximumSram = int64_t{1} << 30;
  Problems problems;
  problems.Range("processing_elements", config.processing_elements, 1, 4096);
  if (!(config.clock_mhz > 0 && config.clock_mhz <= 1e5)) {
    problems.Add(absl::StrCat("clock_mhz: expected a positive number up to 1e5, found ", config.clock_mhz));
  }
  problems.Range("queue_depth", config.queue_depth, 1, 1 << 20);
  problems.Range("code_bits", config.code_bits, 1, 16);
  problems.Range("index_bits", config.index_bits, 1, 16);
  problems.Range("matrix_sram_width", config.matrix_sram_width, config.code_bits + config.index_bits, 1 << 16);
  problems.Range("matrix_sram_bytes", config.matrix_sram_bytes, (config.matrix_sram_width + 7) / 8, kMaximumSram);
  problems.Range("pointer_bits", config.pointer_bits, 4, 32);
  problems.Range("pointer_sram_bytes", config.pointer_sram_bytes, 8, kMaximumSram);
  problems.Range("activation_sram_bytes", config.activation_sram_bytes, 2, kMaximumSram);
  problems.Range("activation_sram_width", config.activation_sram_width, kActivationBits, 1 << 16);
  problems.Range("activation_registers", config.activation_registers, 1, 1 << 20);
  problems.Range("accumulator_bits", config.accumulator_bits, 8, 48);
  problems.Range("product_shift", config.product_shift, kAutomaticShift, kMaximumProductShift);
  problems.Range("guard_bits", config.guard_bits, 0, 16);
  return problems.status();
}

int ProductShift(const EieConfig& config, const Requantization& requantization) {
  if (config.product_shift != kAutomaticShift) return config.product_shift;
  const double output = std::max(std::abs(int64_t{requantization.minimum}), std::abs(int64_t{requantization.maximum}));
  double unit = 0;  // the greatest of an output, in units of the sum
  const size_t rows = std::max(requantization.multiplier.size(), requantization.shift.size());
  for (size_t row = 0; row < rows; ++row) {
    const size_t multiplier = requantization.multiplier.size() == 1 ? 0 : row;
    const size_t shift = requantization.shift.size() == 1 ? 0 : row;
    unit =
        std::max(unit, std::ldexp(1.0, requantization.shift[shift]) / std::abs(requantization.multiplier[multiplier]));
  }
  const double limit = std::ldexp(1.0, config.accumulator_bits - 1) - 1;
  const double greatest = std::ldexp(output * unit, config.guard_bits);
  int shift = 0;
  while (shift < kMaximumProductShift && std::ldexp(greatest, -shift) > limit) ++shift;
  return shift;
}

}  // namespace espalier
