// What a network took on the TPU, as CSV: a header, a line for each layer, a line "total".
#ifndef ESPALIER_HW_TPU_REPORT_H_
#define ESPALIER_HW_TPU_REPORT_H_

#include <string>

#include "hw/tpu/tpu_engine.h"

namespace espalier {

// Vectors, cycles by what the matrix unit did, operations per second.
std::string TpuCyclesCsv(const TpuEngine& engine);

// Tiles, and bytes of each memory and of the host's link.
std::string TpuTrafficCsv(const TpuEngine& engine);

// In microjoules: power times time, and events by part.
std::string TpuEnergyCsv(const TpuEngine& engine);

}  // namespace espalier

#endif  // ESPALIER_HW_TPU_REPORT_H_
