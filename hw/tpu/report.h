// What a network took on the TPU, as CSV for `espalier report` (docs/reports.md): a header, a line for each layer, a
// line "total".
#ifndef ESPALIER_HW_TPU_REPORT_H_
#define ESPALIER_HW_TPU_REPORT_H_

#include <string>

#include "hw/tpu/tpu_engine.h"

namespace espalier {

// cycles.csv: what the matrix unit did, what it waited for, work, speed.
std::string TpuCyclesCsv(const TpuEngine& engine);

// traffic.csv: bytes of each memory and of the host's link, instructions, tiles.
std::string TpuTrafficCsv(const TpuEngine& engine);

// energy.csv, in nJ: of events, by part, and beside it power times time.
std::string TpuEnergyCsv(const TpuEngine& engine);

// roofline.csv, without "total": operations for each byte of weights that was fetched, padding among them, and the
// limits of array and weight memory.
std::string TpuRooflineCsv(const TpuEngine& engine);

}  // namespace espalier

#endif  // ESPALIER_HW_TPU_REPORT_H_
