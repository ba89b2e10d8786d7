#include "hw/tpu/energy.h"

namespace espalier::tpu {
namespace {

// Jouppi et al., ISCA 2017, Table 2: of the die, in watts.
constexpr double kBusyWatts = 40, kIdleWatts = 28, kThermalDesignWatts = 75;

// Horowitz, ISSCC 2014, 45 nm, 0.9 V, in picojoules. The TPU is made in 28 nm, so the sum of events is an upper bound.
constexpr double kMultiply8 = 0.2, kAdd32 = 0.1;
// Reading 64 bits of a memory of 32 KB: a column's accumulators are 16 KiB.
constexpr double kSram32KbPerByte = 20.0 / 8;
// Of 1 MB, the largest in the table; the unified buffer is 24 of them.
constexpr double kSram1MbPerByte = 100.0 / 8;
// Reading 32 bits of DRAM.
constexpr double kDramPerByte = 640.0 / 4;

constexpr double kPico = 1e-12;

}  // namespace

std::vector<Constant> EnergyConstants() {
  const std::string tpu = "Jouppi et al., ISCA 2017, Table 2", horowitz = "Horowitz, ISSCC 2014, 45 nm";
  return {
      {"busy power", kBusyWatts, "W", tpu},
      {"idle power", kIdleWatts, "W", tpu},
      {"thermal design power", kThermalDesignWatts, "W", tpu},
      {"8-bit multiplication", kMultiply8, "pJ", horowitz},
      {"32-bit addition", kAdd32, "pJ", horowitz},
      {"accumulators", kSram32KbPerByte, "pJ/byte", horowitz + ", 64 bits of 32 KB"},
      {"unified buffer", kSram1MbPerByte, "pJ/byte", horowitz + ", 64 bits of 1 MB"},
      {"weight memory", kDramPerByte, "pJ/byte", horowitz + ", 32 bits of DRAM"},
  };
}

Energy ComputeEnergy(const Config& config, const Counters& counters) {
  const double seconds = static_cast<double>(counters.cycles) / config.clock_hz;
  Energy energy;
  energy.busy = kBusyWatts * seconds;
  energy.idle = kIdleWatts * seconds;
  energy.thermal_design = kThermalDesignWatts * seconds;
  // Padding is zero and switches nothing.
  energy.macs = kPico * (kMultiply8 + kAdd32) * static_cast<double>(counters.useful_macs);
  // Each update reads and writes four bytes, each activation reads them.
  energy.accumulators =
      kPico * kSram32KbPerByte * 4 * static_cast<double>(2 * counters.accumulator_updates + counters.activated);
  energy.unified_buffer =
      kPico * kSram1MbPerByte *
      static_cast<double>(counters.unified_buffer_read_bytes + counters.unified_buffer_written_bytes);
  energy.weight_memory = kPico * kDramPerByte * static_cast<double>(counters.weight_bytes);
  return energy;
}

}  // namespace espalier::tpu
