// How long a program takes: a cycle-exact model at the granularity of instructions and tiles. Its twin, clocked
// register by register, is hw/tpu/register_machine.h.
//
// Units work side by side, each on its instructions in order: weight fetch, weight shift, matrix unit, activation unit,
// reads from and writes to the host. Instructions reach them at once; what they wait for is data:
//   fetch(n)     after fetch(n-1), and after tile n - weight_fifo_tiles has left the FIFO; TileFetchCycles
//   shift(n)     after fetch(n), and after tile n-1 was taken into use (without a second buffer: after its last
//                multiplication); array_size cycles, after which the FIFO's place is free
//   multiply     after the one before, after the shift of a tile that it switches to, after all earlier writes of the
//   rows
//                it reads, and after all earlier activations of the accumulators that it writes; a cycle for each row
//                of the unified buffer. Its sums can be read DrainCycles after its end. Multiplications into the same
//                accumulators follow each other without a gap: each sum is added to in the same order.
//   activate, element-wise   after the one before was taken in, after the sums or rows that it reads are there, and
//   after
//                all earlier reads and writes of the rows that it writes; ActivationCycles of the sums read or rows
//                written (of operands read), whichever are more, and activation_latency until the rows are there
//   host reads and writes    after the one before in the same direction, and as above; HostCycles
// All dependencies are between whole instructions.
#ifndef ESPALIER_HW_TPU_TIMING_H_
#define ESPALIER_HW_TPU_TIMING_H_

#include "hw/tpu/counters.h"

namespace espalier::tpu {

// Of a valid program (ValidateProgram); settings and tiles need no numbers.
Counters EstimateTiming(const Config& config, const Program& program);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_TIMING_H_
