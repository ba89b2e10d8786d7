#include "core/files/csv.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace espalier {

std::string CsvCell(absl::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

}  // namespace espalier
