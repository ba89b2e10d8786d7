#include "hw/tpu/program.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/status.h"

namespace espalier::tpu {
namespace {

std::string RangeText(const RowRange& range) { return absl::StrCat("rows ", range.begin, " to ", range.end); }

// What is wrong with an instruction by itself; empty: nothing.
std::string SettingError(const Program& program, const Instruction& i) {
  const bool activation = i.opcode == Opcode::kActivate || i.opcode == Opcode::kElementWise;
  const size_t count = activation ? program.activations.size() : program.convolutions.size();
  if ((activation || i.opcode == Opcode::kSetConvolution) && i.setting >= count) {
    return absl::StrCat("expected a setting below ", count, ", found ", i.setting);
  }
  if (i.opcode == Opcode::kReadWeights && i.memory >= program.tiles.size()) {
    return absl::StrCat("expected a tile below ", program.tiles.size(), ", found ", i.memory);
  }
  if (i.opcode == Opcode::kActivate && program.activations[i.setting].pool.kernel > 0) {
    const Pool& pool = program.activations[i.setting].pool;
    if (i.length % (int64_t{pool.height} * pool.width) != 0) {
      return absl::StrCat("expected whole maps of ", pool.height, " x ", pool.width, ", found ", i.length, " rows");
    }
  }
  return "";
}

std::string BoundsError(const Config& config, const Program& program, const Instruction& i, const Footprint& touched) {
  const int64_t buffer = config.UnifiedBufferRows();
  for (const RowRange& range : {touched.reads[0], touched.reads[1], touched.writes}) {
    if (range.end > buffer) {
      return absl::StrCat("expected unified buffer rows below ", buffer, ", found ", RangeText(range));
    }
  }
  for (const RowRange& range : {touched.accumulator_reads, touched.accumulator_writes}) {
    if (range.end > config.accumulator_rows) {
      return absl::StrCat("expected accumulators below ", config.accumulator_rows, ", found ", RangeText(range));
    }
  }
  const bool host = i.opcode == Opcode::kReadHostMemory || i.opcode == Opcode::kWriteHostMemory;
  if (host && int64_t{i.memory} + i.length > program.host_rows) {
    return absl::StrCat("expected host rows below ", program.host_rows, ", found ",
                        RangeText({i.memory, int64_t{i.memory} + i.length}));
  }
  return "";
}

}  // namespace

int64_t ConvolutionSetting::Pixel(int64_t row, int kernel_y, int kernel_x) const {
  const int64_t line = first_line + row / out_width;
  const int64_t image = line / out_height;
  const int64_t y = line % out_height * stride + kernel_y - pad;
  const int64_t x = row % out_width * stride + kernel_x - pad;
  if (y < 0 || y >= height || x < 0 || x >= width) return -1;
  return (image * height + y) * width + x;
}

int64_t ActivationSetting::OutputRows(int64_t rows) const {
  if (pool.kernel == 0) return rows;
  return rows / (int64_t{pool.height} * pool.width) * pool.OutHeight() * pool.OutWidth();
}

Footprint FootprintOf(const Program& program, const Instruction& i, const ConvolutionSetting& convolution) {
  Footprint touched;
  const int64_t buffer = i.unified_buffer, length = i.length;
  switch (i.opcode) {
    case Opcode::kMatrixMultiply: {
      const int64_t planes = Planes(i.type);
      touched.reads[0] = {buffer, buffer + i.Rows() * planes};
      if (i.convolve) {
        const int64_t lines = i.length >> 16, image_rows = int64_t{convolution.height} * convolution.width * planes;
        const int64_t first = convolution.first_line / convolution.out_height;
        const int64_t last = (convolution.first_line + std::max<int64_t>(lines, 1) - 1) / convolution.out_height;
        touched.reads[0] = {buffer + first * image_rows, buffer + (last + 1) * image_rows};
      }
      touched.accumulator_writes = {i.accumulator, i.accumulator + i.Rows()};
      break;
    }
    case Opcode::kActivate: {
      const ActivationSetting& setting = program.activations[i.setting];
      touched.accumulator_reads = {i.accumulator, i.accumulator + length};
      touched.writes = {buffer, buffer + setting.OutputRows(length) * Planes(setting.type)};
      break;
    }
    case Opcode::kElementWise: {
      const ActivationSetting& setting = program.activations[i.setting];
      const int64_t operand_rows = setting.rows * Planes(setting.operand_type);
      touched.reads[0] = {i.operand_a, i.operand_a + operand_rows};
      touched.reads[1] = {i.operand_b, i.operand_b + operand_rows};
      touched.writes = {buffer, buffer + setting.rows * Planes(setting.type)};
      break;
    }
    case Opcode::kReadHostMemory:
      touched.writes = {buffer, buffer + length};
      break;
    case Opcode::kWriteHostMemory:
      touched.reads[0] = {buffer, buffer + length};
      break;
    default:
      break;
  }
  return touched;
}

absl::Status ValidateProgram(const Config& config, const Program& program) {
  ConvolutionSetting convolution;
  int64_t tiles_waiting = 0;
  bool tile_in_array = false;
  for (size_t n = 0; n < program.instructions.size(); ++n) {
    const Instruction& i = program.instructions[n];
    std::string error = SettingError(program, i);
    if (error.empty() && i.opcode == Opcode::kSetConvolution) convolution = program.convolutions[i.setting];
    if (error.empty()) error = BoundsError(config, program, i, FootprintOf(program, i, convolution));
    if (i.opcode == Opcode::kReadWeights) ++tiles_waiting;
    if (i.opcode == Opcode::kMatrixMultiply) {
      if (i.switch_tile) tile_in_array = --tiles_waiting >= 0;
      if (!tile_in_array) error = "expected a tile that was read before, found none";
      if (i.Rows() == 0) error = "expected at least one row, found none";
    }
    if (!error.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("instruction ", n, " (", Disassemble(i), "): ", error));
    }
  }
  if (tiles_waiting == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("program: expected each tile that is read to be multiplied, found ", tiles_waiting, " left"));
}

std::string Disassemble(const Program& program) {
  std::string text;
  for (size_t n = 0; n < program.instructions.size(); ++n) {
    absl::StrAppendFormat(&text, "%6d  %s\n", n, Disassemble(program.instructions[n]));
  }
  return text;
}

}  // namespace espalier::tpu
