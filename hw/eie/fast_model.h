// EIE by recurrences instead of cycles: the same outputs and counters as the modules of structural_model.h.
#ifndef ESPALIER_HW_EIE_FAST_MODEL_H_
#define ESPALIER_HW_EIE_FAST_MODEL_H_

#include <cstdint>
#include <vector>

#include "hw/eie/arithmetic.h"
#include "hw/eie/program.h"
#include "hw/eie/structural_model.h"
#include "hw/eie/timing_kernel.h"
#include "hw/requantize.h"

namespace espalier {

class FastEie {
 public:
  // The program must outlive it.
  explicit FastEie(const EieProgram& program);

  // As RunEieModules. May be called from several threads at once.
  EieResult Run(const Requantization& requantization, const int16_t* activations) const;

 private:
  struct Tile {
    const EieTile* tile;
    EieTileTiming timing;
    std::vector<int64_t> padding;  // of each column: padding entries of all elements
  };
  struct Block {
    const EieRowBlock* block;
    std::vector<int64_t> begin, end;  // of each column: its non-zeros in these rows
    std::vector<Tile> tiles;
  };

  void Accumulate(const Block& block, const EieArithmetic& arithmetic, const int16_t* activations,
                  std::vector<int64_t>* accumulators, EieCounters* counters) const;
  void CountTile(const Block& block, const Tile& tile, const int16_t* activations, EieCounters* counters) const;

  const EieProgram& program_;
  std::vector<Block> blocks_;
};

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_FAST_MODEL_H_
