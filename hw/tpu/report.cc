#include "hw/tpu/report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
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
    absl::StrAppend(&csv, layer.name, ",", line(layer), "\n");
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
      "vectors,spilled_calls,cycles,array_active,weight_stall,weight_shift,non_matrix,raw_stall,input_stall,"
      "useful_macs,operations,us,tera_operations_per_s";
  return Csv(engine, header, [&](const TpuLayer& layer) {
    const tpu::Counters& c = layer.counters;
    return absl::StrFormat("%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%d,%.3f,%.4f", layer.vectors, layer.spilled_calls, c.cycles,
                           c.array_active, c.weight_stall, c.weight_shift, c.non_matrix(), c.raw_stall, c.input_stall,
                           c.useful_macs, c.operations, 1e6 * static_cast<double>(c.cycles) / engine.config().clock_hz,
                           OperationsPerSecond(engine.config(), c) / 1e12);
  });
}

std::string TpuTrafficCsv(const TpuEngine& engine) {
  const std::string header =
      "instructions,tiles,weight_bytes,host_read_bytes,host_written_bytes,unified_buffer_read_bytes,"
      "unified_buffer_written_bytes,accumulator_updates,activated";
  return Csv(engine, header, [](const TpuLayer& layer) {
    const tpu::Counters& c = layer.counters;
    return absl::StrCat(c.instructions, ",", c.tiles, ",", c.weight_bytes, ",", c.host_read_bytes, ",",
                        c.host_written_bytes, ",", c.unified_buffer_read_bytes, ",", c.unified_buffer_written_bytes,
                        ",", c.accumulator_updates, ",", c.activated);
  });
}

std::string TpuEnergyCsv(const TpuEngine& engine) {
  const std::string header =
      "busy_power_uj,idle_power_uj,thermal_design_power_uj,events_uj,macs_uj,accumulators_uj,unified_buffer_uj,"
      "weight_memory_uj";
  return Csv(engine, header, [&](const TpuLayer& layer) {
    const tpu::Energy e = tpu::ComputeEnergy(engine.config(), layer.counters);
    return absl::StrFormat("%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f,%.4f", 1e6 * e.busy, 1e6 * e.idle,
                           1e6 * e.thermal_design, 1e6 * e.events(), 1e6 * e.macs, 1e6 * e.accumulators,
                           1e6 * e.unified_buffer, 1e6 * e.weight_memory);
  });
}

}  // namespace espalier
