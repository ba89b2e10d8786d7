#include "hw/eie/report.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hw/eie/energy.h"

namespace espalier {
namespace {

// A layer's figures, or the sums of all.
struct Line {
  std::string name;
  int64_t vectors = 0, blocks = 0, tiles = 0, entries = 0, padding_entries = 0, largest_image = 0;
  bool resident = true;
  int64_t load_bytes = 0, dram_bytes = 0;
  double dense_weights = 0;  // of all vectors: rows * columns each
  EieCounters counters;
};

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
              program.resident,
              program.load_bytes,
              layer.dram_bytes(),
              static_cast<double>(program.matrix.rows * program.matrix.columns) * static_cast<double>(layer.vectors),
              layer.counters};
    total.vectors += line.vectors;
    total.blocks += line.blocks;
    total.tiles += line.tiles;
    total.entries += line.entries;
    total.padding_entries += line.padding_entries;
    total.largest_image += line.largest_image;
    total.resident = total.resident && line.resident;
    total.load_bytes += line.load_bytes;
    total.dram_bytes += line.dram_bytes;
    total.dense_weights += line.dense_weights;
    total.counters += line.counters;
    lines.push_back(std::move(line));
  }
  lines.push_back(std::move(total));
  return lines;
}

}  // namespace

std::string EieCyclesCsv(const EieEngine& engine) {
  const int64_t elements = engine.config().processing_elements;
  std::string csv =
      "layer,vectors,cycles,broadcast,queue_full,row_step,activation_load,drain,write_back,real_macs,padding_macs,"
      "empty_columns,idle,load_balance,efficiency,saturations,row_blocks,tiles,resident\n";
  for (const Line& line : Lines(engine)) {
    const EieCounters& c = line.counters;
    absl::StrAppend(&csv, line.name, ",", line.vectors, ",", c.cycles, ",", c.broadcasts, ",", c.queue_full_cycles, ",",
                    c.row_step_cycles, ",", c.activation_load_cycles, ",", c.drain_cycles, ",", c.write_back_cycles);
    absl::StrAppendFormat(&csv, ",%d,%d,%d,%d,%.6g,%.6g,%d,%d,%d,%d\n", c.real_macs, c.padding_macs, c.empty_columns,
                          c.Idle(elements), c.LoadBalance(elements), c.Efficiency(elements), c.saturations, line.blocks,
                          line.tiles, line.resident);
  }
  return csv;
}

std::string EieTrafficCsv(const EieEngine& engine) {
  std::string csv =
      "layer,queue_pushes,pointer_reads,matrix_reads,activation_reads,activation_writes,dram_bytes,load_bytes,entries,"
      "padding_entries,largest_image\n";
  for (const Line& line : Lines(engine)) {
    const EieCounters& c = line.counters;
    absl::StrAppend(&csv, line.name, ",", c.queue_pushes, ",", c.pointer_reads, ",", c.matrix_reads, ",",
                    c.activation_reads, ",", c.activation_writes, ",");
    absl::StrAppend(&csv, line.dram_bytes, ",", line.load_bytes, ",", line.entries, ",", line.padding_entries, ",",
                    line.largest_image, "\n");
  }
  return csv;
}

std::string EieEnergyCsv(const EieEngine& engine) {
  std::string csv =
      "layer,us,queues_nj,pointers_nj,matrix_nj,arithmetic_nj,activations_nj,non_zero_tree_nj,clock_nj,chip_nj,dram_nj,"
      "power_mw,gops,dense_gops\n";
  for (const Line& line : Lines(engine)) {
    const EieEnergy e = ComputeEieEnergy(engine.config(), line.counters, line.dram_bytes);
    const EieFigures f = ComputeEieFigures(engine.config(), line.counters, line.dense_weights, line.dram_bytes);
    absl::StrAppendFormat(&csv, "%s,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g", line.name, f.us, e.queues / 1e3,
                          e.pointers / 1e3, e.matrix / 1e3, e.arithmetic / 1e3, e.activations / 1e3,
                          e.non_zero_tree / 1e3, e.clock / 1e3);
    absl::StrAppendFormat(&csv, ",%.6g,%.6g,%.6g,%.6g,%.6g\n", f.energy_nj, f.dram_nj, f.power_mw, f.gops,
                          f.dense_gops);
  }
  return csv;
}

}  // namespace espalier
