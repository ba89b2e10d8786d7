// Charts as SVG, readable on light and dark pages; drawn without any other program.
#ifndef ESPALIER_TOOLS_CHART_SVG_H_
#define ESPALIER_TOOLS_CHART_SVG_H_

#include <string>
#include <vector>

#include "core/files/file_system.h"
#include "tools/chart.h"

namespace espalier {

// One drawing, 720 units wide, with the charts below each other.
std::string SvgCharts(const std::vector<Chart>& charts);

// Writes it; a reader finds the former file or the new one, whole.
absl::Status WriteSvgCharts(FileSystem* files, const std::string& path, const std::vector<Chart>& charts);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_CHART_SVG_H_
