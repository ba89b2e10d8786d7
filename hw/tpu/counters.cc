#include "hw/tpu/counters.h"

#include <deque>

namespace espalier::tpu {

Counters& Counters::operator+=(const Counters& other) {
  static constexpr int64_t Counters::*kFields[] = {
      &Counters::cycles,
      &Counters::array_active,
      &Counters::weight_stall,
      &Counters::weight_shift,
      &Counters::raw_stall,
      &Counters::input_stall,
      &Counters::useful_macs,
      &Counters::operations,
      &Counters::instructions,
      &Counters::tiles,
      &Counters::host_read_bytes,
      &Counters::host_written_bytes,
      &Counters::weight_bytes,
      &Counters::unified_buffer_read_bytes,
      &Counters::unified_buffer_written_bytes,
      &Counters::accumulator_updates,
      &Counters::activated,
  };
  for (const auto field : kFields) this->*field += other.*field;
  return *this;
}

void CountTraffic(const Config& config, const Program& program, Counters* counters) {
  std::deque<uint32_t> waiting;
  const WeightTile* tile = nullptr;
  const int64_t size = config.array_size;
  for (const Instruction& i : program.instructions) {
    ++counters->instructions;
    switch (i.opcode) {
      case Opcode::kReadHostMemory:
        counters->host_read_bytes += i.length * size;
        counters->unified_buffer_written_bytes += i.length * size;
        break;
      case Opcode::kWriteHostMemory:
        counters->host_written_bytes += i.length * size;
        counters->unified_buffer_read_bytes += i.length * size;
        break;
      case Opcode::kReadWeights:
        waiting.push_back(i.memory);
        ++counters->tiles;
        counters->weight_bytes += config.TileBytes();
        break;
      case Opcode::kMatrixMultiply: {
        if (i.switch_tile) {
          tile = &program.tiles[waiting.front()];
          waiting.pop_front();
        }
        const int64_t streamed = i.Rows() * Planes(i.type), weights = int64_t{tile->rows} * tile->columns;
        counters->unified_buffer_read_bytes += streamed * size;
        counters->accumulator_updates += streamed * size;
        if (i.plane != WeightPlane::kHigh) counters->operations += 2 * i.Rows() * weights;
        break;
      }
      case Opcode::kActivate: {
        const ActivationSetting& setting = program.activations[i.setting];
        counters->activated += i.length * size;
        counters->unified_buffer_written_bytes += setting.OutputRows(i.length) * Planes(setting.type) * size;
        break;
      }
      case Opcode::kElementWise: {
        const ActivationSetting& setting = program.activations[i.setting];
        counters->activated += setting.rows * size;
        counters->unified_buffer_read_bytes += 2 * setting.rows * Planes(setting.operand_type) * size;
        counters->unified_buffer_written_bytes += setting.rows * Planes(setting.type) * size;
        break;
      }
      case Opcode::kSetConvolution:
      case Opcode::kSynchronize:
      case Opcode::kHalt:
        break;
    }
  }
}

}  // namespace espalier::tpu
