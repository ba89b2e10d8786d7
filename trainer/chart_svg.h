// Charts as SVG, readable on light and dark pages; drawn without any other program.
#ifndef ESPALIER_TRAINER_CHART_SVG_H_
#define ESPALIER_TRAINER_CHART_SVG_H_

#include <string>
#include <vector>

#include "core/files/file_system.h"
#include "trainer/chart.h"

namespace espalier {

// One drawing, 720 units wide, with the charts below each other.
std::string SvgCharts(const std::vector<Chart>& charts);

// Writes it; a reader finds the former file or the new one, whole.
absl::Status WriteSvgCharts(FileSystem* files, const std::string& path, const std::vector<Chart>& charts);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_CHART_SVG_H_
