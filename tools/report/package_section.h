// What a report says of the package: from ledger.csv.
#ifndef ESPALIER_TOOLS_REPORT_PACKAGE_SECTION_H_
#define ESPALIER_TOOLS_REPORT_PACKAGE_SECTION_H_

#include <vector>

#include "core/status.h"
#include "tools/report/csv.h"
#include "tools/report/report.h"

namespace espalier {

// What each layer takes in the file, by purpose. The ledger has a row a tensor, named by its first column, and rows
// such as "header"; columns whose names end in "_bytes" are the purposes, "bytes" is their sum. A last row "total" is
// the file's. InvalidArgument if there is no purpose.
absl::StatusOr<ReportSection> PackageSection(const CsvTable& ledger);

// The file's size and how much less that is than the weights in f32, as far as the ledger says.
std::vector<Highlight> PackageHighlights(const CsvTable& ledger);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_REPORT_PACKAGE_SECTION_H_
