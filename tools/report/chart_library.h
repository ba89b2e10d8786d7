// Where the charting library of reports is: Chart.js, as Debian's package libjs-chart.js installs it.
#ifndef ESPALIER_TOOLS_REPORT_CHART_LIBRARY_H_
#define ESPALIER_TOOLS_REPORT_CHART_LIBRARY_H_

#include <string>
#include <vector>

#include "core/files/file_system.h"
#include "core/status.h"

namespace espalier {

// Beside the installed program (PREFIX/share/espalier), then where Debian has it.
std::vector<std::string> ChartLibraryPaths();

// The library's text, of the first file that is there. FailedPrecondition says what to install, or that the file is not
// Chart.js of version 3 or 4.
absl::StatusOr<std::string> ReadChartLibrary(FileSystem* files, const std::vector<std::string>& paths);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_REPORT_CHART_LIBRARY_H_
