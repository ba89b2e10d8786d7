// The shared front end of EIE: source activations, non-zero detection, broadcast.
#ifndef ESPALIER_HW_EIE_ACTIVATION_READER_H_
#define ESPALIER_HW_EIE_ACTIVATION_READER_H_

#include <cstdint>
#include <vector>

#include "hw/eie/counters.h"
#include "hw/eie/program.h"

namespace espalier {

// A non-zero activation on its way to the elements. `column` counts from the tile's first.
struct EieBroadcast {
  bool valid = false;
  int64_t column = 0;
  int16_t activation = 0;
};

// Walks a tile's activations: rows of N, one of each element's source registers, a batch of registers after the other.
// A cycle broadcasts the next non-zero of the row; a row without a further one costs a cycle to step on, a row whose
// last lane was broadcast is left at once. Where the vector is longer than the registers, each batch is loaded from the
// activation SRAM first, while the elements empty their queues.
//
// Like all modules it is clocked in two phases: Compute sets its outputs from registers alone, Commit updates its
// registers from outputs. So no module sees in a cycle what another one registers in it.
class EieActivationReader {
 public:
  // `activations`: of the tile's columns.
  EieActivationReader(const EieProgram& program, const EieTile& tile, const int16_t* activations);

  void Compute(bool any_queue_full);
  void Commit();

  const EieBroadcast& broadcast() const { return broadcast_; }
  bool done() const { return batch_first_ >= tile_.columns; }
  const EieCounters& counters() const { return counters_; }

 private:
  enum class Action { kLoad, kBroadcast, kQueueFull, kStep, kDone };

  void StartBatch(int64_t first_column);
  void NextRow();

  const EieProgram& program_;
  const EieTile& tile_;
  const int16_t* activations_;
  const int64_t elements_;

  int64_t batch_first_ = 0, batch_end_ = 0;
  int64_t load_cycles_left_ = 0;
  int64_t row_first_ = 0;  // the column of the row's lane 0
  int64_t lane_ = 0;       // lanes before this one have been passed

  Action action_ = Action::kDone;
  EieBroadcast broadcast_;
  EieCounters counters_;
};

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_ACTIVATION_READER_H_
