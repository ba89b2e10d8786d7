#include "hw/eie/fast_model.h"

#include <algorithm>
#include <utility>

namespace espalier {
namespace {

// What the activation reader does with a tile's activations while no queue is full.
EieBroadcasts ScanActivations(const EieProgram& program, const EieTile& tile, const int16_t* activations,
                              EieCounters* counters) {
  const int64_t elements = program.config.processing_elements;
  EieBroadcasts broadcasts;
  int64_t waited = 0;  // cycles since the last broadcast, without its own
  for (int64_t batch = 0; batch < tile.columns; batch += program.batch_columns()) {
    const int64_t end = std::min(batch + program.batch_columns(), tile.columns);
    if (program.batched()) {
      const int64_t load = program.config.ActivationSramCycles((end - batch + elements - 1) / elements);
      waited += load;
      counters->activation_load_cycles += load;
      counters->activation_reads += load * elements;
    }
    for (int64_t row = batch; row < end; row += elements) {
      const int64_t row_end = std::min(row + elements, end);
      int64_t last = -1;
      for (int64_t column = row; column < row_end; ++column) {
        if (activations[column] == 0) continue;
        broadcasts.columns.push_back(static_cast<int32_t>(column));
        broadcasts.gaps.push_back(static_cast<int32_t>(waited + 1));
        waited = 0;
        last = column;
      }
      if (last != row + elements - 1) {
        ++waited;
        ++counters->row_step_cycles;
      }
    }
  }
  broadcasts.tail = static_cast<int32_t>(waited);
  counters->broadcasts += static_cast<int64_t>(broadcasts.columns.size());
  return broadcasts;
}

}  // namespace

FastEie::FastEie(const EieProgram& program) : program_(program) {
  const SparseMatrix& matrix = program.matrix;
  std::vector<int64_t> next(matrix.column_starts.begin(), matrix.column_starts.end() - 1);
  for (const EieRowBlock& row_block : program.blocks) {
    Block block{&row_block, next, next, {}};
    const int64_t last_row = row_block.first_row + row_block.rows;
    for (int64_t column = 0; column < matrix.columns; ++column) {
      const auto rows = matrix.row_indices.begin();
      next[column] = std::lower_bound(rows + next[column], rows + matrix.column_starts[column + 1], last_row) - rows;
    }
    block.end = next;
    for (const EieTile& tile : row_block.tiles) {
      Tile fast{&tile, EieTileTiming(tile, program.config.EntriesPerLine()), std::vector<int64_t>(tile.columns)};
      for (int64_t column = 0; column < tile.columns; ++column) {
        int64_t entries = 0;
        for (int64_t lane = 0; lane < fast.timing.lanes; ++lane) {
          entries += fast.timing.lengths[column * fast.timing.lanes + lane];
        }
        const int64_t at = tile.first_column + column;
        fast.padding[column] = entries - (block.end[at] - block.begin[at]);
      }
      block.tiles.push_back(std::move(fast));
    }
    blocks_.push_back(std::move(block));
  }
}

void FastEie::Accumulate(const Block& block, const EieArithmetic& arithmetic, const int16_t* activations,
                         std::vector<int64_t>* accumulators, EieCounters* counters) const {
  const SparseMatrix& matrix = program_.matrix;
  const int32_t* rows = matrix.row_indices.data();
  int64_t* const sums = accumulators->data() - block.block->first_row;
  int64_t saturations = 0;
  for (int64_t column = 0; column < matrix.columns; ++column) {
    const int64_t activation = activations[column];
    if (activation == 0) continue;
    for (int64_t at = block.begin[column]; at < block.end[column]; ++at) {
      const int64_t product = matrix.codebook[matrix.codes[at]] * activation;
      const int64_t exact = sums[rows[at]] + arithmetic.Shift(product);
      const int64_t sum = arithmetic.Saturate(exact);
      sums[rows[at]] = sum;
      saturations += sum != exact;
    }
  }
  counters->saturations += saturations;
}

void FastEie::CountTile(const Block& block, const Tile& tile, const int16_t* activations, EieCounters* counters) const {
  const int64_t elements = program_.config.processing_elements;
  const EieBroadcasts broadcasts = ScanActivations(program_, *tile.tile, activations, counters);
  const EieTileTimes times = ComputeEieTimes(tile.timing, broadcasts, elements, program_.config.queue_depth);
  counters->cycles += times.cycles;
  counters->queue_full_cycles += times.queue_full_cycles;
  counters->drain_cycles += times.cycles - times.reader_cycles;
  counters->empty_columns += times.empty_columns;
  counters->matrix_reads += times.matrix_reads;
  const int64_t pushes = static_cast<int64_t>(broadcasts.columns.size()) * elements;
  counters->queue_pushes += pushes;
  counters->pointer_reads += 2 * pushes;
  for (const int32_t column : broadcasts.columns) {
    const int64_t at = tile.tile->first_column + column;
    counters->real_macs += block.end[at] - block.begin[at];
    counters->padding_macs += tile.padding[column];
  }
}

EieResult FastEie::Run(const Requantization& requantization, const int16_t* activations) const {
  const EieArithmetic arithmetic(program_.config.accumulator_bits, ProductShift(program_.config, requantization));
  EieResult result;
  result.outputs.reserve(program_.matrix.rows);
  for (const Block& block : blocks_) {
    const int64_t first = block.block->first_row, rows = block.block->rows;
    std::vector<int64_t> accumulators(rows);
    for (int64_t row = 0; row < rows; ++row) {
      accumulators[row] = arithmetic.Saturate(arithmetic.Shift(program_.matrix.bias[first + row]));
    }
    Accumulate(block, arithmetic, activations, &accumulators, &result.counters);
    for (int64_t row = 0; row < rows; ++row) {
      result.outputs.push_back(arithmetic.Output(accumulators[row], requantization, first + row));
    }
    for (const Tile& tile : block.tiles) {
      CountTile(block, tile, activations + tile.tile->first_column, &result.counters);
    }
    const int64_t write_back = program_.WriteBackCycles(*block.block);
    result.counters.cycles += write_back;
    result.counters.write_back_cycles += write_back;
    result.counters.activation_writes += write_back * program_.config.processing_elements;
  }
  return result;
}

}  // namespace espalier
