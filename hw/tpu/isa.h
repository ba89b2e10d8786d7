// The TPU's instructions, twelve bytes each. MatrixMultiply has the published fields (Jouppi et al., ISCA 2017: "12
// bytes, of which 3 are Unified Buffer address; 2 are accumulator address; 4 are length, sometimes 2 dimensions for
// convolutions; and the rest are opcode and flags"); the layout of the others is not published and is ours.
//
//   byte             0   1  2      3  4  5   6  7         8 .. 11
//   MatrixMultiply   op  flags     ub        accumulator  length: rows; convolving: lines << 16 | positions in a line
//   Activate         op  setting   ub        accumulator  length: rows of sums
//   ElementWise      op  setting   ub        operand a    operand b       (three bytes each, the last to byte 11)
//   ReadHostMemory   op  -  -      ub        host row (4 bytes)           length in bytes 10, 11 and 1, 2 (low to high)
//   WriteHostMemory  as ReadHostMemory
//   ReadWeights      op  -  -      -         tile (4 bytes)
//   SetConvolution   op  setting
//   Synchronize, Halt  op
//
// Numbers are little-endian. Addresses count rows: `ub` rows of array_size bytes of the unified buffer, `accumulator`
// rows of array_size sums, host rows of array_size bytes.
#ifndef ESPALIER_HW_TPU_ISA_H_
#define ESPALIER_HW_TPU_ISA_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace espalier::tpu {

enum class Opcode : uint8_t {
  kReadHostMemory = 1,   // host -> unified buffer
  kReadWeights = 2,      // one tile, weight memory -> weight FIFO; done when its address has been sent
  kMatrixMultiply = 3,   // unified buffer x tile -> accumulators; with `convolve` over the windows of images
  kActivate = 4,         // accumulators -> bias, requantization, nonlinearity, pooling -> unified buffer
  kElementWise = 5,      // two vectors of the unified buffer -> product or sum -> unified buffer (gates of an LSTM)
  kWriteHostMemory = 6,  // unified buffer -> host
  kSetConvolution = 7,   // the shapes that later convolutions have
  kSynchronize = 8,      // with the host: later ReadHostMemory wait for all earlier WriteHostMemory
  kHalt = 9,
};

// What a row of activations is. 16 bits take two rows of the unified buffer, low bytes first, and two cycles ("half
// speed").
enum class ActivationType : uint8_t { kSigned8 = 0, kUnsigned8 = 1, kSigned16 = 2 };

// Which byte of its weights a tile holds: 16-bit weights are two tiles, whose sums are 256 apart.
enum class WeightPlane : uint8_t { kSigned8 = 0, kLow = 1, kHigh = 2 };

inline int64_t Planes(ActivationType type) { return type == ActivationType::kSigned16 ? 2 : 1; }

struct Instruction {
  Opcode opcode = Opcode::kHalt;
  uint32_t unified_buffer = 0;  // the row that is read (multiplications, WriteHostMemory) or written (others)
  uint16_t accumulator = 0;
  uint32_t length = 0;   // rows of vectors; of host transfers: rows of bytes
  uint32_t memory = 0;   // host row, or tile
  uint16_t setting = 0;  // which of the program's activation or convolution settings
  uint32_t operand_a = 0, operand_b = 0;
  // Flags of MatrixMultiply.
  bool accumulate = false;   // adds to the accumulators; else it sets them
  bool switch_tile = false;  // takes the next tile into use; else the former's again
  bool convolve = false;
  ActivationType type = ActivationType::kSigned8;
  WeightPlane plane = WeightPlane::kSigned8;
  uint8_t kernel_y = 0, kernel_x = 0;  // position in the window, four bits each

  // The vectors that a multiplication streams.
  int64_t Rows() const { return convolve ? int64_t{length >> 16} * (length & 0xFFFF) : length; }
};

bool operator==(const Instruction& a, const Instruction& b);

using EncodedInstruction = std::array<uint8_t, 12>;

// Fields that the opcode does not have are not encoded. CHECKs that addresses fit their fields.
EncodedInstruction Encode(const Instruction& instruction);

// InvalidArgument: an opcode or a flag that does not exist.
absl::StatusOr<Instruction> Decode(const EncodedInstruction& bytes);

// One line, "matmul   ub 0x000100 acc 0x0800 rows 200 s8 switch".
std::string Disassemble(const Instruction& instruction);

const char* OpcodeName(Opcode opcode);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_ISA_H_
