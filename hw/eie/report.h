// What a network took on EIE, as CSV: a header, a line for each layer, a line "total".
#ifndef ESPALIER_HW_EIE_REPORT_H_
#define ESPALIER_HW_EIE_REPORT_H_

#include <string>

#include "hw/eie/eie_engine.h"

namespace espalier {

// Sums over all vectors: cycles by cause, work of the elements, how the layer was laid out.
std::string EieCyclesCsv(const EieEngine& engine);

// Accesses of queues and memories, and bytes from DRAM.
std::string EieTrafficCsv(const EieEngine& engine);

// Energy by part in nJ, average power in mW, operations a second.
std::string EieEnergyCsv(const EieEngine& engine);

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_REPORT_H_
