// What the compiler makes and every model of the TPU runs: instructions, the weight memory's tiles, and the settings
// that instructions name.
#ifndef ESPALIER_HW_TPU_PROGRAM_H_
#define ESPALIER_HW_TPU_PROGRAM_H_

#include <string>
#include <vector>

#include "hw/requantize.h"
#include "hw/tpu/config.h"
#include "hw/tpu/isa.h"

namespace espalier::tpu {

// A tile of weights: a row for each input, a column for each output. Rows and columns from `rows` and `columns` on are
// zero padding.
struct WeightTile {
  int rows = 0, columns = 0;   // that hold weights
  std::vector<uint8_t> bytes;  // [array_size, array_size]; empty in a program that is only timed
};

// The images in the unified buffer that a convolution walks over: a row of the buffer for each pixel (and plane),
// images one after another. Line l is output line l % out_height of image l / out_height.
struct ConvolutionSetting {
  int height = 1, width = 1;
  int stride = 1, pad = 0;
  int out_height = 1, out_width = 1;
  int64_t first_line = 0;

  // The pixel under position (kernel_y, kernel_x) of the window of output `row` of a multiplication; -1: padding.
  int64_t Pixel(int64_t row, int kernel_y, int kernel_x) const;
};

enum class Nonlinearity { kNone, kSigmoid, kTanh };

// Maximum over windows of maps of height x width rows.
struct Pool {
  int kernel = 0;  // 0: no pooling
  int stride = 1, pad = 0;
  int height = 1, width = 1;

  int OutHeight() const { return (height + 2 * pad - kernel) / stride + 1; }
  int OutWidth() const { return (width + 2 * pad - kernel) / stride + 1; }
};

// What Activate and ElementWise do. value = RequantizeSum(sum + bias); a nonlinearity takes it as
// value / 2^input_fraction and gives round(f * 2^output_fraction), clamped to the output's type.
struct ActivationSetting {
  int columns = 0;                // of the block
  std::vector<int64_t> bias;      // a column each; empty: none
  Requantization requantization;  // "rows" are columns here; empty in a program that is only timed
  Nonlinearity nonlinearity = Nonlinearity::kNone;
  int input_fraction = 0, output_fraction = 0;
  ActivationType type = ActivationType::kSigned8;  // of the output
  Pool pool;
  // ElementWise only.
  bool product = false;  // else the sum
  ActivationType operand_type = ActivationType::kSigned8;
  int64_t rows = 0;  // of vectors

  // The vectors that come of so many.
  int64_t OutputRows(int64_t rows) const;
};

// A matrix of activations in the unified buffer and in host memory: blocks of array_size columns one after another,
// each `vectors` rows of the type's planes.
struct ActivationBlock {
  int64_t vectors = 0, columns = 0;
  ActivationType type = ActivationType::kSigned8;
  int64_t unified_buffer = 0, host = 0;  // rows

  int64_t BlockRows() const { return vectors * Planes(type); }
};

struct Program {
  std::vector<Instruction> instructions;
  std::vector<WeightTile> tiles;
  std::vector<ActivationSetting> activations;
  std::vector<ConvolutionSetting> convolutions;
  int64_t host_rows = 0;
  int64_t unified_buffer_rows = 0;               // the most in use at once
  std::vector<ActivationBlock> inputs, outputs;  // of each repetition
};

// Rows [begin, end).
struct RowRange {
  int64_t begin = 0, end = 0;
  bool Overlaps(const RowRange& other) const { return begin < other.end && other.begin < end; }
};

// What an instruction touches.
struct Footprint {
  RowRange reads[2], writes;                       // of the unified buffer
  RowRange accumulator_reads, accumulator_writes;  // of Activate and MatrixMultiply
};
Footprint FootprintOf(const Program& program, const Instruction& instruction, const ConvolutionSetting& convolution);

// InvalidArgument: the instruction and what is out of bounds, or a multiplication without a tile.
absl::Status ValidateProgram(const Config& config, const Program& program);

// All instructions, numbered, a line each.
std::string Disassemble(const Program& program);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_PROGRAM_H_
