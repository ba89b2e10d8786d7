#include "hw/tpu/report.h"

#include <iterator>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/files/csv.h"
#include "hw/tpu/energy.h"

namespace espalier {
namespace {

// `line(layer)` for each layer, and for their sum.
template <typename Line>
std::string Csv(const TpuEngine& engine, const std::string& header, const Line& line) {
  TpuLayer total;
  total.name = "total";
  total.counters = engine.Total();
  std::string csv = absl::StrCat("layer,", header, "\n");
  for (const TpuLayer& layer : engine.layers()) {
    total.vectors += layer.vectors;
    total.spilled_calls += layer.spilled_calls;
    absl::StrAppend(&csv, CsvCell(layer.name), ",", line(layer), "\n");
  }
  absl::StrAppend(&csv, total.name, ",", line(total), "\n");
  return csv;
}

double OperationsPerSecond(const tpu::Config& config, const tpu::Counters& counters) {
  if (counters.cycles == 0) return 0;
  return static_cast<double>(counters.operations) / static_cast<double>(counters.cycles) * config.clock_hz;
}

}  // namespace

std::string TpuCyclesCsv(const TpuEngine& engine) {
  const std::string header =
      "cycles,array_active,weight_stall,weight_shift,non_matrix,raw_stall,input_stall,vectors,spilled_calls,"
      "useful_macs,operations,us,tera_operations_per_s";
  return Csv(engine, header, [&](const TpuLayer& layer) {
    const tpu::Counters& c = layer.counters;
    return absl::StrFormat(
        "%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%.6g,%.6g", c.cycles, c.array_active, c.weight_stall, c.weight_shift,
        c.non_matrix(), c.raw_stall, c.input_stall, layer.vectors, layer.spilled_calls, c.useful_macs, c.operations,
        1e6 * static_cast<double>(c.cycles) / engine.config().clock_hz, OperationsPerSecond(engine.config(), c) / 1e12);
  });
}

std::string TpuTrafficCsv(const TpuEngine& engine) {
  const std::string header =
      "weight_bytes,host_read_bytes,host_written_bytes,unified_buffer_read_bytes,unified_buffer_written_bytes,"
      "accumulator_bytes,total_bytes,instructions,tiles,accumulator_updates,activated";
  return Csv(engine, header, [](const TpuLayer& layer) {
    const tpu::Counters& c = layer.counters;
    // A sum is read and written by an update, and read by an activation.
    const int64_t accumulators = 4 * (2 * c.accumulator_updates + c.activated);
    const int64_t parts[] = {c.weight_bytes,
                             c.host_read_bytes,
                             c.host_written_bytes,
                             c.unified_buffer_read_bytes,
                             c.unified_buffer_written_bytes,
                             accumulators};
    const int64_t total = std::accumulate(std::begin(parts), std::end(parts), int64_t{0});
    return absl::StrCat(absl::StrJoin(parts, ","), ",", total, ",", c.instructions, ",", c.tiles, ",",
                        c.accumulator_updates, ",", c.activated);
  });
}

std::string TpuEnergyCsv(const TpuEngine& engine) {
  const std::string header =
      "energy_nj,macs_nj,accumulators_nj,unified_buffer_nj,weight_memory_nj,busy_power_nj,idle_power_nj,"
      "thermal_design_power_nj";
  return Csv(engine, header, [&](const TpuLayer& layer) {
    const tpu::Energy e = tpu::ComputeEnergy(engine.config(), layer.counters);
    return absl::StrFormat("%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g", 1e9 * e.events(), 1e9 * e.macs,
                           1e9 * e.accumulators, 1e9 * e.unified_buffer, 1e9 * e.weight_memory, 1e9 * e.busy,
                           1e9 * e.idle, 1e9 * e.thermal_design);
  });
}

std::string TpuRooflineCsv(const TpuEngine& engine) {
  const tpu::Config& config = engine.config();
  std::string csv = "layer,operations_per_byte,operations_per_s,peak_operations_per_s,bytes_per_s\n";
  for (const TpuLayer& layer : engine.layers()) {
    const tpu::Counters& c = layer.counters;
    if (c.operations == 0) continue;
    absl::StrAppendFormat(&csv, "%s,%.6g,%.6g,%.6g,%.6g\n", CsvCell(layer.name),
                          static_cast<double>(c.operations) / static_cast<double>(c.weight_bytes),
                          OperationsPerSecond(config, c), config.PeakOperationsPerSecond(), config.weight_bytes_per_s);
  }
  return csv;
}

}  // namespace espalier
