// When each element of EIE starts on each broadcast column.
#ifndef ESPALIER_HW_EIE_TIMING_KERNEL_H_
#define ESPALIER_HW_EIE_TIMING_KERNEL_H_

#include <cstdint>
#include <vector>

#include "hw/eie/program.h"

namespace espalier {

// What a tile's columns cost each element, [columns][lanes]: element p is lane p, lanes beyond the elements have empty
// columns.
struct EieTileTiming {
  EieTileTiming(const EieTile& tile, int64_t entries_per_line);

  int64_t lanes = 0;                // a multiple of 16
  std::vector<int32_t> lengths;     // entries
  std::vector<int32_t> first_line;  // of the matrix SRAM; of an empty column: none that any column has
  std::vector<int32_t> last_line;
};

// The non-zero activations of a tile. gaps[k]: cycles from the broadcast before (from cycle -1, for the first) until
// this one could be sent; `tail`: from the last one until the reader is done.
struct EieBroadcasts {
  std::vector<int32_t> columns, gaps;
  int32_t tail = 0;
};

struct EieTileTimes {
  int64_t cycles = 0;
  int64_t reader_cycles = 0;  // until the reader is done
  int64_t queue_full_cycles = 0;
  int64_t empty_columns = 0;
  int64_t matrix_reads = 0;
};

// With t[k] the cycle of broadcast k, s[k][p] the cycle in which element p begins with its column of n[k][p] entries,
// and queues of depth D:
//   t[k]    = max(t[k-1] + gaps[k], max over p of s[k-D][p])           a queue gives up a place a cycle before that
//   s[k][p] = max(s[k-1][p] + max(n[k-1][p], 1), t[k] + 2)             a cycle in the queue, one to read the pointers
// An entry is in the accumulator four cycles after it was read.
EieTileTimes ComputeEieTimes(const EieTileTiming& timing, const EieBroadcasts& broadcasts, int64_t elements,
                             int queue_depth);

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_TIMING_KERNEL_H_
