// What the TPU counts while it runs.
#ifndef ESPALIER_HW_TPU_COUNTERS_H_
#define ESPALIER_HW_TPU_COUNTERS_H_

#include <cstdint>

#include "hw/tpu/program.h"

namespace espalier::tpu {

// The rows of Table 3 in Jouppi et al., ISCA 2017, in cycles. The matrix unit is active, waits for weights to arrive,
// waits for weights to be shifted in, or is idle for another reason: these four add up to all cycles. Independent of
// them: while idle, it waits for what the activation unit has not yet written, or for input from the host.
struct Counters {
  int64_t cycles = 0;
  int64_t array_active = 0;
  int64_t weight_stall = 0;
  int64_t weight_shift = 0;
  int64_t raw_stall = 0;
  int64_t input_stall = 0;
  int64_t useful_macs = 0;  // units that worked on a weight, summed over active cycles

  int64_t operations = 0;  // two for each product of a weight and an activation, whatever their widths
  int64_t instructions = 0;
  int64_t tiles = 0;  // read from weight memory
  int64_t host_read_bytes = 0, host_written_bytes = 0;
  int64_t weight_bytes = 0;
  int64_t unified_buffer_read_bytes = 0, unified_buffer_written_bytes = 0;
  int64_t accumulator_updates = 0;  // sums written, each after a read if it is added to
  int64_t activated = 0;            // sums read, and element-wise results

  int64_t non_matrix() const { return cycles - array_active - weight_stall - weight_shift; }
  Counters& operator+=(const Counters& other);
};

// The part of the counters that does not depend on time: operations and traffic.
void CountTraffic(const Config& config, const Program& program, Counters* counters);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_COUNTERS_H_
