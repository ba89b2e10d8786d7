// The parameters of an EIE chip: Han et al., "EIE: Efficient Inference Engine on Compressed Deep Neural Network",
// ISCA 2016. The defaults are the published chip.
#ifndef ESPALIER_HW_EIE_CONFIG_H_
#define ESPALIER_HW_EIE_CONFIG_H_

#include <cstdint>

#include "absl/status/status.h"
#include "hw/requantize.h"

namespace espalier {

inline constexpr int kActivationBits = 16;
inline constexpr int kAutomaticShift = -1;

struct EieConfig {
  int processing_elements = 64;
  double clock_mhz = 800;

  // What an element's activation queue holds.
  int queue_depth = 8;

  // An entry of the sparse matrix: the weight's index in the codebook, and how many zeros of the element's own rows
  // precede it.
  int code_bits = 4;
  int index_bits = 4;
  int matrix_sram_width = 64;  // bits of a line; entries do not straddle lines
  int64_t matrix_sram_bytes = 128 << 10;

  int pointer_bits = 16;
  int64_t pointer_sram_bytes = 32 << 10;  // of both banks

  int64_t activation_sram_bytes = 2 << 10;
  int activation_sram_width = 64;  // bits; the paper does not say
  int activation_registers = 64;   // of the source file, and of the destination file

  // Accumulators saturate at this width, of which the sign is a bit. The paper's arithmetic has 16; 48 leave every sum
  // of 16-bit products exact.
  int accumulator_bits = 16;
  // Products are shifted right by so much, rounded half up, before they are added. kAutomaticShift: for each layer the
  // least with which the greatest output, times 2^guard_bits, does not saturate.
  int product_shift = kAutomaticShift;
  int guard_bits = 1;

  int64_t EntriesPerLine() const { return matrix_sram_width / (code_bits + index_bits); }
  // Entries that a processing element's matrix SRAM holds.
  int64_t MatrixCapacity() const { return matrix_sram_bytes * 8 / matrix_sram_width * EntriesPerLine(); }
  // Of these, what one set of column pointers can tell apart.
  int64_t MaximumEntries() const;
  int64_t MaximumPointers() const { return pointer_sram_bytes * 8 / pointer_bits; }
  int64_t MaximumActivations() const { return activation_sram_bytes * 8 / kActivationBits; }
  int MaximumGap() const { return (1 << index_bits) - 1; }
  // Cycles in which every element moves `activations` between its activation SRAM and its registers.
  int64_t ActivationSramCycles(int64_t activations) const;
};

// InvalidArgument, naming each field that is out of its range.
absl::Status Validate(const EieConfig& config);

// The product shift of a layer with these outputs.
int ProductShift(const EieConfig& config, const Requantization& requantization);

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_CONFIG_H_
