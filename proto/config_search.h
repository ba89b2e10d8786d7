// Where job and model files are looked up.
#ifndef ESPALIER_PROTO_CONFIG_SEARCH_H_
#define ESPALIER_PROTO_CONFIG_SEARCH_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace espalier {

// The installed configs (share/espalier/configs beside the program's bin folder), then every folder `configs` found
// from the working directory upwards.
std::vector<std::string> DefaultConfigFolders();

// The first existing file `name` in one of the folders ("": the working directory), unless `name` is absolute; where
// there is none, the same with ".pbtxt" appended. The error names every place looked at.
absl::StatusOr<std::string> FindConfig(const std::string& name, const std::vector<std::string>& folders);

}  // namespace espalier

#endif  // ESPALIER_PROTO_CONFIG_SEARCH_H_
