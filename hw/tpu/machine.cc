#include "hw/tpu/machine.h"

#include <algorithm>
#include <limits>

#include "core/kernels/parallel.h"
#include "hw/tpu/activation.h"
#include "hw/tpu/tile_kernel.h"

namespace espalier::tpu {
namespace {

// Rows of activations that are widened to 16 bits at a time: they stay in the nearest cache.
constexpr int64_t kBlockRows = 32;
constexpr int64_t kSerialMultiplies = 1 << 18;

int64_t RoundUp(int64_t value, int64_t grain) { return (value + grain - 1) / grain * grain; }

std::vector<int16_t> PackTile(const WeightTile& tile, int64_t array_size, WeightPlane plane, int64_t columns) {
  const int64_t pairs = (tile.rows + 1) / 2;
  std::vector<int16_t> packed(2 * pairs * columns);
  for (int64_t row = 0; row < tile.rows; ++row) {
    const uint8_t* from = &tile.bytes[row * array_size];
    int16_t* to = &packed[2 * (row / 2) * columns + row % 2];
    for (int64_t column = 0; column < tile.columns; ++column) {
      to[2 * column] = plane == WeightPlane::kLow ? from[column] : static_cast<int8_t>(from[column]);
    }
  }
  return packed;
}

// The accumulators that the program uses, from the first on.
int64_t AccumulatorRows(const Program& program) {
  int64_t rows = 0;
  for (const Instruction& i : program.instructions) {
    if (i.opcode == Opcode::kMatrixMultiply) rows = std::max(rows, i.accumulator + i.Rows());
  }
  return rows;
}

}  // namespace

Machine::Machine(const Config& config, const Program& program)
    : program_(program),
      size_(config.array_size),
      accumulator_columns_(RoundUp(config.array_size, kColumnGrain)),
      host_(program.host_rows * size_),
      unified_buffer_(program.unified_buffer_rows * size_),
      accumulators_(AccumulatorRows(program) * accumulator_columns_) {}

void Machine::Run() {
  for (const Instruction& i : program_.instructions) {
    const auto bytes = static_cast<int64_t>(i.length) * size_;
    switch (i.opcode) {
      case Opcode::kReadHostMemory:
        std::copy_n(&host_[i.memory * size_], bytes, Row(i.unified_buffer));
        break;
      case Opcode::kWriteHostMemory:
        std::copy_n(Row(i.unified_buffer), bytes, &host_[i.memory * size_]);
        break;
      case Opcode::kReadWeights:
        waiting_tiles_.push_back(i.memory);
        break;
      case Opcode::kSetConvolution:
        convolution_ = program_.convolutions[i.setting];
        break;
      case Opcode::kMatrixMultiply:
        Multiply(i);
        break;
      case Opcode::kActivate:
        Activate(i);
        break;
      case Opcode::kElementWise:
        ElementWise(i);
        break;
      case Opcode::kSynchronize:
        break;
      case Opcode::kHalt:
        return;
    }
  }
}

void Machine::TakeNextTile() {
  tile_ = &program_.tiles[waiting_tiles_.front()];
  waiting_tiles_.pop_front();
  packed_.clear();
}

void Machine::Multiply(const Instruction& i) {
  if (i.switch_tile) TakeNextTile();
  if (packed_.empty() || packed_plane_ != i.plane) {
    packed_columns_ = RoundUp(tile_->columns, kColumnGrain);
    packed_ = PackTile(*tile_, size_, i.plane, packed_columns_);
    packed_plane_ = i.plane;
  }
  const int64_t pairs = (tile_->rows + 1) / 2, planes = Planes(i.type);
  const int64_t serial_below = kSerialMultiplies / std::max<int64_t>(1, 2 * pairs * packed_columns_);
  ParallelRanges(i.Rows(), kBlockRows, serial_below, [&](int64_t begin, int64_t end) {
    std::vector<int16_t> widened(kBlockRows * 2 * pairs);
    for (int64_t first = begin; first < end; first += kBlockRows) {
      const int64_t rows = std::min(kBlockRows, end - first);
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t vector = i.convolve ? convolution_.Pixel(first + r, i.kernel_y, i.kernel_x) : first + r;
        int16_t* to = &widened[r * 2 * pairs];
        if (vector < 0) {
          std::fill_n(to, tile_->rows, int16_t{0});
        } else {
          LoadVector(Row(i.unified_buffer + vector * planes), i.type, size_, tile_->rows, to);
        }
      }
      MultiplyTile(widened.data(), rows, pairs, packed_.data(), packed_columns_, i.plane == WeightPlane::kHigh ? 8 : 0,
                   i.accumulate, &accumulators_[(i.accumulator + first) * accumulator_columns_], accumulator_columns_);
    }
  });
}

void Machine::Activate(const Instruction& i) {
  const ActivationSetting& setting = program_.activations[i.setting];
  const int32_t* sums = &accumulators_[i.accumulator * accumulator_columns_];
  const int64_t planes = Planes(setting.type), rows = setting.OutputRows(i.length);
  const bool pools = setting.pool.kernel > 0;
  ParallelRanges(rows, 1, kSerialElements / std::max(1, setting.columns) + 1, [&](int64_t begin, int64_t end) {
    std::vector<int16_t> values(setting.columns), best(setting.columns);
    for (int64_t row = begin; row < end; ++row) {
      const PoolWindow window = pools ? PoolWindowOf(setting.pool, row) : PoolWindow{row, 0, 1, 0, 1};
      std::fill(best.begin(), best.end(), std::numeric_limits<int16_t>::min());
      for (int y = window.begin_y; y < window.end_y; ++y) {
        for (int x = window.begin_x; x < window.end_x; ++x) {
          const int64_t from = window.first_row + int64_t{y} * setting.pool.width + x;
          ActivateSums(setting, sums + from * accumulator_columns_, values.data());
          for (int c = 0; c < setting.columns; ++c) best[c] = std::max(best[c], values[c]);
        }
      }
      StoreVector(best.data(), setting.columns, Row(i.unified_buffer + row * planes), setting.type, size_);
    }
  });
}

void Machine::ElementWise(const Instruction& i) {
  const ActivationSetting& setting = program_.activations[i.setting];
  const int64_t operand_planes = Planes(setting.operand_type), planes = Planes(setting.type);
  for (int64_t row = 0; row < setting.rows; ++row) {
    const uint8_t* a = Row(i.operand_a + row * operand_planes);
    const uint8_t* b = Row(i.operand_b + row * operand_planes);
    uint8_t* to = Row(i.unified_buffer + row * planes);
    for (int64_t column = 0; column < size_; ++column) {
      int32_t value = 0;
      if (column < setting.columns) {
        const int64_t x = LoadActivation(a, setting.operand_type, size_, column);
        const int64_t y = LoadActivation(b, setting.operand_type, size_, column);
        value = ActivateValue(setting, column, setting.product ? x * y : x + y);
      }
      StoreActivation(value, to, setting.type, size_, column);
    }
  }
}

}  // namespace espalier::tpu
