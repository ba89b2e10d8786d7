// Comma-separated values (RFC 4180) with a header line, columns found by name.
#ifndef ESPALIER_TOOLS_REPORT_CSV_H_
#define ESPALIER_TOOLS_REPORT_CSV_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/files/file_system.h"
#include "core/status.h"

namespace espalier {

struct CsvTable {
  std::vector<std::string> header;             // at least one name
  std::vector<std::vector<std::string>> rows;  // each as long as the header

  // The place of a column; nothing if there is none of that name.
  std::optional<size_t> Column(absl::string_view name) const;
  // A finite number of a cell; nothing for an empty cell and any other text.
  std::optional<double> Number(size_t row, size_t column) const;
  // Whether a column has numbers and empty cells only, and at least one number.
  bool IsNumeric(size_t column) const;
};

// Lines end in LF or CRLF; cells may stand in double quotes and then hold commas, line ends and "" for a quote.
// InvalidArgument says at which line what was expected and found.
absl::StatusOr<CsvTable> ParseCsv(absl::string_view text);

// The same of a file, of up to 64 MiB; errors name it.
absl::StatusOr<CsvTable> ReadCsv(FileSystem* files, const std::string& path);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_REPORT_CSV_H_
