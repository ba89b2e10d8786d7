// What a report says of a run on an emulated accelerator: from the CSV files in OUTPUT_DIR/eie and OUTPUT_DIR/tpu.
//
//   cycles.csv, traffic.csv, energy.csv   a row for each layer or component, named by the first column; the numeric
//                                         columns are drawn stacked. If one of them is the sum ("total", "total_...",
//                                         or what the file is of, "cycles", "energy_nj"), those beside it of the same
//                                         unit ("..._nj") that add up to it are drawn in its stead, in their order as
//                                         many as do, else it alone. A last row "total" is not drawn. Tables have all.
//   roofline.csv                          layer,operations_per_byte,operations_per_s,peak_operations_per_s,
//                                         bytes_per_s: what was reached, and the two limits
#ifndef ESPALIER_TOOLS_REPORT_HARDWARE_SECTION_H_
#define ESPALIER_TOOLS_REPORT_HARDWARE_SECTION_H_

#include <string>
#include <vector>

#include "core/files/file_system.h"
#include "core/status.h"
#include "tools/report/csv.h"
#include "tools/report/report.h"

namespace espalier {

// The section of one accelerator, whose files are in `directory`; a remark for each that is missing or cannot be read.
// `name`: "EIE".
ReportSection HardwareSection(FileSystem* files, const std::string& directory, const std::string& name);

// A stacked bar for each row. `what` is what the file is of: "cycles", "traffic", "energy". InvalidArgument if no
// column has numbers.
absl::StatusOr<Figure> StackedBars(const CsvTable& table, const std::string& what);

// Peak and bandwidth as a roof, a point for each layer. InvalidArgument names a column that is missing, or a number
// that is not positive.
absl::StatusOr<Figure> Roofline(const CsvTable& table);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_REPORT_HARDWARE_SECTION_H_
