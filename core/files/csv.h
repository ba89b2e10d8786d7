// Writing comma-separated values (RFC 4180).
#ifndef ESPALIER_CORE_FILES_CSV_H_
#define ESPALIER_CORE_FILES_CSV_H_

#include <string>

#include "absl/strings/string_view.h"

namespace espalier {

// The text as a cell: in double quotes, those within doubled, where a reader would else take part of it for a comma, a
// quote or a line's end.
std::string CsvCell(absl::string_view text);

}  // namespace espalier

#endif  // ESPALIER_CORE_FILES_CSV_H_
