// What an emulated EIE counts.
#ifndef ESPALIER_HW_EIE_COUNTERS_H_
#define ESPALIER_HW_EIE_COUNTERS_H_

#include <cstdint>

namespace espalier {

// Sums over one or more input vectors. An array cycle is one of the chip, an element cycle one of one of its N
// processing elements.
struct EieCounters {
  // Array cycles, by what the shared activation reader does in them; they add up to `cycles`.
  int64_t cycles = 0;
  int64_t broadcasts = 0;              // a non-zero activation goes to all queues
  int64_t queue_full_cycles = 0;       // it cannot: some queue is full
  int64_t row_step_cycles = 0;         // no further non-zero in a row of N activations
  int64_t activation_load_cycles = 0;  // source registers are filled from the activation SRAM
  int64_t drain_cycles = 0;            // all activations are broadcast, elements still work
  int64_t write_back_cycles = 0;       // destination registers are written to the activation SRAM

  // Element cycles, by what the matrix reader does in them. The rest of N * cycles is idle.
  int64_t real_macs = 0;
  int64_t padding_macs = 0;
  int64_t empty_columns = 0;  // a column without entries for the element

  int64_t queue_pushes = 0;                             // of one element's queue
  int64_t pointer_reads = 0;                            // of one bank: two for each column
  int64_t matrix_reads = 0;                             // of a line
  int64_t activation_reads = 0, activation_writes = 0;  // of a word of the activation SRAM
  int64_t saturations = 0;                              // accumulations beyond the accumulators' range

  int64_t Idle(int64_t elements) const { return elements * cycles - real_macs - padding_macs - empty_columns; }
  // The paper's load-balance efficiency: 1 - idle cycles / all cycles of the elements.
  double LoadBalance(int64_t elements) const {
    return cycles == 0 ? 0 : 1 - static_cast<double>(Idle(elements)) / (elements * static_cast<double>(cycles));
  }
  // The share of the elements' cycles in which a weight is multiplied; padding does not count as work.
  double Efficiency(int64_t elements) const {
    return cycles == 0 ? 0 : static_cast<double>(real_macs) / (elements * static_cast<double>(cycles));
  }
};

EieCounters& operator+=(EieCounters& sum, const EieCounters& added);
bool operator==(const EieCounters& a, const EieCounters& b);

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_COUNTERS_H_
