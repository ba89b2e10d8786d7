#include "hw/eie/report.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/files/csv.h"
#include "hw/eie/energy.h"

namespace espalier {
namespace {

// A layer's figures, or the sums of all.
struct Line {
  std::string name;
  int64_t vectors = 0, blocks = 0, tiles = 0, entries = 0, padding_entries = 0, largest_image = 0;
  bool loaded_once = true;
  int64_t load_bytes = 0, dram_bytes = 0;
  double dense_macs = 0;  // of all vectors: rows * columns each
  EieCounters counters;
};

// The last is the sum of the others.
std::vector<Line> Lines(const EieEngine& engine) {
  std::vector<Line> lines;
  Line total;
  total.name = "total";
  for (const EieLayer& layer : engine.layers()) {
    const EieProgram& program = *layer.program;
    Line line{program.matrix.name,
              layer.vectors,
              static_cast<int64_t>(program.blocks.size()),
              program.tiles(),
              program.entries,
              program.padding_entries,
              program.largest_image,
              engine.Loading(layer) == EieLoading::kOnce,
              program.load_bytes,
              engine.DramBytes(layer),
              static_cast<double>(program.matrix.rows * program.matrix.columns) * static_cast<double>(layer.vectors),
              layer.counters};
    total.vectors += line.vectors;
    total.blocks += line.blocks;
    total.tiles += line.tiles;
    total.entries += line.entries;
    total.padding_entries += line.padding_entries;
    total.largest_image += line.largest_image;
    total.loaded_once = total.loaded_once && line.loaded_once;
    total.load_bytes += line.load_bytes;
    total.dram_bytes += line.dram_bytes;
    total.dense_macs += line.dense_macs;
    total.counters += line.counters;
    lines.push_back(std::move(line));
  }
  lines.push_back(std::move(total));
  return lines;
}

int64_t MatrixBytes(const EieConfig& config, const EieCounters& counters) {
  return counters.matrix_reads * config.matrix_sram_width / 8;
}

}  // namespace

std::string EieCyclesCsv(const EieEngine& engine) {
  const int64_t elements = engine.config().processing_elements;
  std::string csv =
      "layer,cycles,broadcast,queue_full,row_step,activation_load,drain,write_back,vectors,real_macs,padding_macs,"
      "empty_columns,idle,load_balance,efficiency,saturations,row_blocks,tiles,loaded_once\n";
  for (const Line& line : Lines(engine)) {
    const EieCounters& c = line.counters;
    absl::StrAppend(&csv, CsvCell(line.name), ",", c.cycles, ",", c.broadcasts, ",", c.queue_full_cycles, ",",
                    c.row_step_cycles, ",", c.activation_load_cycles, ",", c.drain_cycles, ",", c.write_back_cycles,
                    ",", line.vectors);
    absl::StrAppendFormat(&csv, ",%d,%d,%d,%d,%.6g,%.6g,%d,%d,%d,%d\n", c.real_macs, c.padding_macs, c.empty_columns,
                          c.Idle(elements), c.LoadBalance(elements), c.Efficiency(elements), c.saturations, line.blocks,
                          line.tiles, line.loaded_once);
  }
  return csv;
}

std::string EieTrafficCsv(const EieEngine& engine) {
  const EieConfig& config = engine.config();
  std::string csv =
      "layer,matrix_bytes,pointer_bytes,accumulator_bytes,activation_bytes,dram_bytes,total_bytes,matrix_reads,"
      "pointer_reads,activation_reads,activation_writes,queue_pushes,load_bytes,entries,padding_entries,"
      "largest_image\n";
  for (const Line& line : Lines(engine)) {
    const EieCounters& c = line.counters;
    const int64_t matrix = MatrixBytes(config, c);
    const int64_t pointers = c.pointer_reads * config.pointer_bits / 8;
    const int64_t accumulators = 2 * c.real_macs * config.accumulator_bits / 8;  // read and written
    const int64_t activations = (c.activation_reads + c.activation_writes) * config.activation_sram_width / 8;
    absl::StrAppend(&csv, CsvCell(line.name), ",", matrix, ",", pointers, ",", accumulators, ",", activations, ",",
                    line.dram_bytes, ",", matrix + pointers + accumulators + activations + line.dram_bytes);
    absl::StrAppendFormat(&csv, ",%d,%d,%d,%d,%d,%d,%d,%d,%d\n", c.matrix_reads, c.pointer_reads, c.activation_reads,
                          c.activation_writes, c.queue_pushes, line.load_bytes, line.entries, line.padding_entries,
                          line.largest_image);
  }
  return csv;
}

std::string EieEnergyCsv(const EieEngine& engine) {
  std::string csv =
      "layer,energy_nj,matrix_nj,pointers_nj,queues_nj,arithmetic_nj,activations_nj,non_zero_tree_nj,clock_nj,dram_nj,"
      "us,power_mw,gops,dense_gops\n";
  for (const Line& line : Lines(engine)) {
    const EieEnergy e = ComputeEieEnergy(engine.config(), line.counters, line.dram_bytes);
    const EieFigures f = ComputeEieFigures(engine.config(), line.counters, line.dense_macs, line.dram_bytes);
    absl::StrAppendFormat(&csv, "%s,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g", CsvCell(line.name),
                          f.energy_nj + f.dram_nj, e.matrix / 1e3, e.pointers / 1e3, e.queues / 1e3, e.arithmetic / 1e3,
                          e.activations / 1e3, e.non_zero_tree / 1e3, e.clock / 1e3, f.dram_nj);
    absl::StrAppendFormat(&csv, ",%.6g,%.6g,%.6g,%.6g\n", f.us, f.power_mw, f.gops, f.dense_gops);
  }
  return csv;
}

std::string EieRooflineCsv(const EieEngine& engine) {
  const EieConfig& config = engine.config();
  const double cycles_per_s = config.processing_elements * config.clock_mhz * 1e6;  // of all elements
  std::string csv = "layer,operations_per_byte,operations_per_s,peak_operations_per_s,bytes_per_s\n";
  std::vector<Line> lines = Lines(engine);
  lines.pop_back();
  for (const Line& line : lines) {
    if (line.counters.real_macs == 0) continue;
    const EieFigures f = ComputeEieFigures(config, line.counters, line.dense_macs, line.dram_bytes);
    const double operations = 2 * static_cast<double>(line.counters.real_macs);
    absl::StrAppendFormat(&csv, "%s,%.6g,%.6g,%.6g,%.6g\n", CsvCell(line.name),
                          operations / static_cast<double>(MatrixBytes(config, line.counters)), f.gops * 1e9,
                          2 * cycles_per_s, cycles_per_s * config.matrix_sram_width / 8);
  }
  return csv;
}

}  // namespace espalier
