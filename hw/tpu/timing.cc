#include "hw/tpu/timing.h"

#include <algorithm>
#include <vector>

namespace espalier::tpu {
namespace {

// Cycles at which each row of a memory is written and no longer read; 0: always was.
class RowTimes {
 public:
  explicit RowTimes(int64_t rows) : written_(rows), read_(rows) {}

  int64_t Written(const RowRange& range) const { return Latest(written_, range); }
  // When its rows may be overwritten.
  int64_t Free(const RowRange& range) const { return std::max(Latest(written_, range), Latest(read_, range)); }
  int64_t Read(const RowRange& range) const { return Latest(read_, range); }

  void SetWritten(const RowRange& range, int64_t cycle) {
    std::fill(written_.begin() + range.begin, written_.begin() + range.end, cycle);
  }
  void SetRead(const RowRange& range, int64_t cycle) {
    for (int64_t row = range.begin; row < range.end; ++row) read_[row] = std::max(read_[row], cycle);
  }

 private:
  static int64_t Latest(const std::vector<int64_t>& cycles, const RowRange& range) {
    if (range.begin >= range.end) return 0;
    return *std::max_element(cycles.begin() + range.begin, cycles.begin() + range.end);
  }

  std::vector<int64_t> written_, read_;
};

class Timing {
 public:
  Timing(const Config& config, const Program& program)
      : config_(config),
        program_(program),
        by_activation_(program.unified_buffer_rows),
        by_host_(program.unified_buffer_rows),
        accumulators_(config.accumulator_rows) {}

  Counters Run();

 private:
  void Multiply(const Instruction& instruction, const Footprint& touched);
  void ShiftIn();
  void Activate(const Instruction& instruction, const Footprint& touched);
  void ReadHost(const Instruction& instruction, const Footprint& touched);
  void WriteHost(const Instruction& instruction, const Footprint& touched);
  int64_t UntilWritten(const RowRange& rows) const {
    return std::max(by_activation_.Written(rows), by_host_.Written(rows));
  }
  int64_t UntilFree(const RowRange& rows) const { return std::max(by_activation_.Free(rows), by_host_.Free(rows)); }
  void Ends(int64_t cycle) { counters_.cycles = std::max(counters_.cycles, cycle); }

  const Config& config_;
  const Program& program_;
  Counters counters_;
  // The unified buffer's rows, as the activation unit and as the host write them; reads stand in the first.
  RowTimes by_activation_, by_host_;
  RowTimes accumulators_;
  ConvolutionSetting convolution_;

  // When each unit is free, and the last tile's times.
  int64_t matrix_free_ = 0, activation_free_ = 0, host_read_free_ = 0, host_write_free_ = 0, host_barrier_ = 0;
  int64_t fetch_end_ = 0, shift_start_ = 0, shift_end_ = 0, tile_used_ = 0;
  std::vector<int64_t> shift_ends_;  // of all tiles
  int64_t tile_weights_ = 0;         // of the tile in the array
  std::vector<uint32_t> tiles_read_;
};

Counters Timing::Run() {
  for (const Instruction& i : program_.instructions) {
    if (i.opcode == Opcode::kHalt) break;
    const Footprint touched = FootprintOf(program_, i, convolution_);
    switch (i.opcode) {
      case Opcode::kReadHostMemory:
        ReadHost(i, touched);
        break;
      case Opcode::kWriteHostMemory:
        WriteHost(i, touched);
        break;
      case Opcode::kReadWeights:
        tiles_read_.push_back(i.memory);
        break;
      case Opcode::kSetConvolution:
        convolution_ = program_.convolutions[i.setting];
        break;
      case Opcode::kMatrixMultiply:
        Multiply(i, touched);
        break;
      case Opcode::kActivate:
      case Opcode::kElementWise:
        Activate(i, touched);
        break;
      case Opcode::kSynchronize:
        host_barrier_ = std::max(host_barrier_, host_write_free_);
        break;
      case Opcode::kHalt:
        break;
    }
  }
  CountTraffic(config_, program_, &counters_);
  return counters_;
}

// The next tile's way from weight memory into the array, up to the point where it can be used.
void Timing::ShiftIn() {
  const size_t tile = shift_ends_.size();
  const auto places = static_cast<size_t>(config_.weight_fifo_tiles);
  const int64_t place_free = tile < places ? 0 : shift_ends_[tile - places];
  fetch_end_ = std::max(fetch_end_, place_free) + config_.TileFetchCycles();
  shift_start_ = std::max(fetch_end_, config_.double_buffered_tile ? tile_used_ : matrix_free_);
  shift_end_ = shift_start_ + config_.array_size;
  shift_ends_.push_back(shift_end_);
  const WeightTile& weights = program_.tiles[tiles_read_[tile]];
  tile_weights_ = int64_t{weights.rows} * weights.columns;
}

void Timing::Multiply(const Instruction& i, const Footprint& touched) {
  if (i.switch_tile) ShiftIn();
  const int64_t activations = by_activation_.Written(touched.reads[0]), input = by_host_.Written(touched.reads[0]);
  int64_t start = std::max({matrix_free_, activations, input, accumulators_.Read(touched.accumulator_writes)});
  if (i.switch_tile) {
    start = std::max(start, shift_end_);
    counters_.weight_stall += std::max<int64_t>(0, std::min(start, fetch_end_) - matrix_free_);
    counters_.weight_shift += std::max<int64_t>(0, shift_end_ - std::max(shift_start_, matrix_free_));
    tile_used_ = start;
  }
  counters_.raw_stall += std::max<int64_t>(0, activations - matrix_free_);
  counters_.input_stall += std::max<int64_t>(0, input - matrix_free_);
  const int64_t cycles = i.Rows() * Planes(i.type);
  counters_.array_active += cycles;
  counters_.useful_macs += cycles * tile_weights_;
  matrix_free_ = start + cycles;
  by_activation_.SetRead(touched.reads[0], matrix_free_);
  accumulators_.SetWritten(touched.accumulator_writes, matrix_free_ + config_.DrainCycles());
  Ends(matrix_free_ + config_.DrainCycles());
}

void Timing::Activate(const Instruction& i, const Footprint& touched) {
  const ActivationSetting& setting = program_.activations[i.setting];
  int64_t start = std::max(activation_free_, UntilFree(touched.writes));
  int64_t rows_in = i.length;
  if (i.opcode == Opcode::kActivate) {
    start = std::max(start, accumulators_.Written(touched.accumulator_reads));
  } else {
    start = std::max({start, UntilWritten(touched.reads[0]), UntilWritten(touched.reads[1])});
    rows_in = 2 * setting.rows * Planes(setting.operand_type);
  }
  const int64_t rows_out = touched.writes.end - touched.writes.begin;
  activation_free_ = start + config_.ActivationCycles(std::max(rows_in, rows_out));
  const int64_t end = activation_free_ + config_.activation_latency;
  accumulators_.SetRead(touched.accumulator_reads, activation_free_);
  for (const RowRange& operand : touched.reads) by_activation_.SetRead(operand, activation_free_);
  by_activation_.SetWritten(touched.writes, end);
  Ends(end);
}

void Timing::ReadHost(const Instruction& i, const Footprint& touched) {
  const int64_t start = std::max({host_read_free_, host_barrier_, UntilFree(touched.writes)});
  host_read_free_ = start + config_.HostCycles(i.length * int64_t{config_.array_size});
  by_host_.SetWritten(touched.writes, host_read_free_);
  Ends(host_read_free_);
}

void Timing::WriteHost(const Instruction& i, const Footprint& touched) {
  const int64_t start = std::max(host_write_free_, UntilWritten(touched.reads[0]));
  host_write_free_ = start + config_.HostCycles(i.length * int64_t{config_.array_size});
  by_activation_.SetRead(touched.reads[0], host_write_free_);
  Ends(host_write_free_);
}

}  // namespace

Counters EstimateTiming(const Config& config, const Program& program) { return Timing(config, program).Run(); }

}  // namespace espalier::tpu
