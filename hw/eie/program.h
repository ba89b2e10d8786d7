// A layer compiled for EIE: what each processing element's memories hold.
#ifndef ESPALIER_HW_EIE_PROGRAM_H_
#define ESPALIER_HW_EIE_PROGRAM_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "hw/eie/config.h"
#include "hw/eie/sparse_matrix.h"

namespace espalier {

// An element of the sparse-matrix SRAM. `gap`: how many of the element's own rows are skipped before this one. Code 0
// is padding: gaps longer than an index can say are cut by entries that add nothing.
struct EieEntry {
  uint16_t code = 0;
  uint16_t gap = 0;
};

// One processing element's part of a tile: row i of the matrix belongs to element i mod N.
struct EieImage {
  // columns + 1: column j's entries are [pointers[j], pointers[j + 1]). Even j stand in one bank, odd j in the other.
  std::vector<uint32_t> pointers;
  std::vector<EieEntry> entries;
};

// What is in the memories at once.
struct EieTile {
  int64_t first_column = 0, columns = 0;  // first_column is a multiple of N: activation j lies with element j mod N
  std::vector<EieImage> images;           // of each processing element
};

// Rows whose accumulators the destination registers hold at once.
struct EieRowBlock {
  int64_t first_row = 0, rows = 0;  // first_row is a multiple of N
  std::vector<EieTile> tiles;       // in the order of their columns
};

struct EieProgram {
  EieConfig config;
  SparseMatrix matrix;
  std::vector<EieRowBlock> blocks;

  int64_t entries = 0;          // of all elements, with padding
  int64_t padding_entries = 0;  // of these
  std::vector<int64_t> images;  // entries of each element, all tiles together
  int64_t largest_image = 0;    // of these
  int64_t pointers = 0;         // of an element, all tiles together
  // Whether the memories hold all tiles at once, alone. Else they are loaded one after the other, for every input
  // vector again.
  bool fits_alone = true;
  // What loading takes: entries, pointers, codebook and biases. Biases are loaded as the accumulators' initial values.
  int64_t load_bytes = 0;

  int64_t tiles() const;
  // The most columns whose activations the source registers hold at once.
  int64_t batch_columns() const { return int64_t{config.activation_registers} * config.processing_elements; }
  // Whether the source vector comes from the activation SRAM, a batch at a time.
  bool batched() const { return matrix.columns > batch_columns(); }
  // Cycles after a block of rows in which its activations are written to the activation SRAM. A layer of a single block
  // leaves them in the registers: source and destination exchange their roles.
  int64_t WriteBackCycles(const EieRowBlock& block) const;
};

// Distributes and encodes a matrix. InvalidArgument if the configuration is invalid, or if the matrix has codes that
// its entries are too narrow for, or if a processing element's memories do not hold one column of activations for each
// element.
absl::StatusOr<EieProgram> CompileForEie(const EieConfig& config, SparseMatrix matrix);

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_PROGRAM_H_
