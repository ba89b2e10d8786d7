// Reads what a run has left in its output directory and says it as a report.
#ifndef ESPALIER_TOOLS_REPORT_GATHER_H_
#define ESPALIER_TOOLS_REPORT_GATHER_H_

#include <string>

#include "core/files/file_system.h"
#include "core/status.h"
#include "tools/report/report.h"

namespace espalier {

// What is missing or cannot be read is left out with a remark. NotFound if there is no such directory, InvalidArgument
// if it holds nothing that a report tells of.
absl::StatusOr<Report> GatherReport(FileSystem* files, const std::string& directory);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_REPORT_GATHER_H_
