// Which tensor of a file is which of ours: a text that the user writes where names and shapes alone do not tell.
//
//   table = line*
//   line  = [THEIRS blanks OURS] [blanks] ["#" any text] newline
//
// THEIRS is a tensor of the file ("features.0.weight") or a module, the part before the last dot of such names
// ("features.0"); OURS accordingly a tensor of the network ("conv1/weight") or a layer ("conv1"), or "-": the file's
// tensor, or all of the module's, is left out.
#ifndef ESPALIER_COMPRESSION_IMPORT_NAME_TABLE_H_
#define ESPALIER_COMPRESSION_IMPORT_NAME_TABLE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace espalier {

struct NamePair {
  std::string theirs;
  std::string ours;
  int line = 0;
};

inline constexpr char kLeaveOut[] = "-";

// InvalidArgument with all problems, each with `path` and line: a line that is no pair, a name that comes twice.
absl::StatusOr<std::vector<NamePair>> ParseNameTable(absl::string_view text, const std::string& path);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_IMPORT_NAME_TABLE_H_
