// What an emulated TPU takes, told two ways: power times time, from what was published of the chip, and the sum of its
// events, from figures of a general kind.
#ifndef ESPALIER_HW_TPU_ENERGY_H_
#define ESPALIER_HW_TPU_ENERGY_H_

#include <string>
#include <vector>

#include "hw/tpu/config.h"
#include "hw/tpu/counters.h"

namespace espalier::tpu {

struct Constant {
  std::string name;
  double value = 0;
  std::string unit, source;
};

// For reports: each figure with where it comes from.
std::vector<Constant> EnergyConstants();

// In joules.
struct Energy {
  // Power times time.
  double busy = 0, idle = 0, thermal_design = 0;
  // Events. The link to the host and the clock tree are not among them.
  double macs = 0, accumulators = 0, unified_buffer = 0, weight_memory = 0;

  double events() const { return macs + accumulators + unified_buffer + weight_memory; }
};

Energy ComputeEnergy(const Config& config, const Counters& counters);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_ENERGY_H_
