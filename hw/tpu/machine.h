// What a program computes, instruction by instruction, on the bytes of host memory, unified buffer and weight memory
// and on 32-bit accumulators: everything but time.
#ifndef ESPALIER_HW_TPU_MACHINE_H_
#define ESPALIER_HW_TPU_MACHINE_H_

#include <cstdint>
#include <deque>
#include <vector>

#include "hw/tpu/program.h"

namespace espalier::tpu {

class Machine {
 public:
  // The program is valid for the configuration (ValidateProgram), its tiles and settings have their numbers; both
  // outlive the machine. Memory is zero at first.
  Machine(const Config& config, const Program& program);

  // All instructions, in order.
  void Run();

  std::vector<uint8_t>& host() { return host_; }
  std::vector<uint8_t>& unified_buffer() { return unified_buffer_; }

 private:
  uint8_t* Row(int64_t row) { return &unified_buffer_[row * size_]; }
  void TakeNextTile();
  void Multiply(const Instruction& instruction);
  void Activate(const Instruction& instruction);
  void ElementWise(const Instruction& instruction);

  const Program& program_;
  const int64_t size_;                 // array_size
  const int64_t accumulator_columns_;  // array_size, rounded up for vectors
  std::vector<uint8_t> host_, unified_buffer_;
  std::vector<int32_t> accumulators_;
  std::deque<uint32_t> waiting_tiles_;
  const WeightTile* tile_ = nullptr;  // in the array
  WeightPlane packed_plane_ = WeightPlane::kSigned8;
  std::vector<int16_t> packed_;  // the tile as the kernel wants it; empty until its first use
  int64_t packed_columns_ = 0;
  ConvolutionSetting convolution_;
};

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_MACHINE_H_
