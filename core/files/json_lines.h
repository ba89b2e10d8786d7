// Files of one JSON object a line, which grow while a run goes on: metrics.jsonl, histograms.jsonl.
#ifndef ESPALIER_CORE_FILES_JSON_LINES_H_
#define ESPALIER_CORE_FILES_JSON_LINES_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "core/files/file_system.h"
#include "core/status.h"

namespace espalier {

// Hands each line, without its newline, to `take`; what follows the last newline a crash has left of a line. An error
// of `take` ends it and comes back as "PATH, line N, ...". Files of up to 2 GiB.
absl::Status ReadJsonLines(FileSystem* files, const std::string& path,
                           const std::function<absl::Status(absl::string_view line)>& take);

// Cuts off the lines from the first on that is not to stay, as `stays` says of a line, or cannot be read, for which
// `stays` has an error. Returns the bytes that remain; a file that does not exist has none. If a line that is to stay
// comes behind one that is not, the file is unchanged and the error that of the latter; DataLoss if it could be read.
absl::StatusOr<uint64_t> CutJsonLines(FileSystem* files, const std::string& path,
                                      const std::function<absl::StatusOr<bool>(absl::string_view line)>& stays);

}  // namespace espalier

#endif  // ESPALIER_CORE_FILES_JSON_LINES_H_
