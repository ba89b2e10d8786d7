// What a network took on EIE, as CSV for `espalier report` (docs/reports.md): a header, a line for each layer, a line
// "total".
#ifndef ESPALIER_HW_EIE_REPORT_H_
#define ESPALIER_HW_EIE_REPORT_H_

#include <string>

#include "hw/eie/eie_engine.h"

namespace espalier {

// cycles.csv, sums over all vectors: cycles by cause, work of the elements, how the layer was laid out.
std::string EieCyclesCsv(const EieEngine& engine);

// traffic.csv: bytes by memory, accesses, sizes. `dram_bytes` are those of the vectors; a layer that is loaded once
// (`loaded_once` in cycles.csv) has none, its `load_bytes` say what that takes.
std::string EieTrafficCsv(const EieEngine& engine);

// energy.csv: energy by part in nJ, time, the chip's average power, operations a second.
std::string EieEnergyCsv(const EieEngine& engine);

// roofline.csv, without "total": operations for each byte of the matrix SRAM's lines, and the limits of the multipliers
// and of that SRAM.
std::string EieRooflineCsv(const EieEngine& engine);

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_REPORT_H_
