// Suggestions for misspelt names.
#ifndef ESPALIER_PROTO_NEAREST_NAME_H_
#define ESPALIER_PROTO_NEAREST_NAME_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace espalier {

// Fewest insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string alignment).
int EditDistance(absl::string_view a, absl::string_view b);

// The candidate that `name` most likely meant: the nearest one, if the distance is at most a third of its length
// (letter case aside), else the longest that contains `name` or is contained in it ("kernel_size": "kernel"). Empty if
// none resembles it.
std::string NearestName(absl::string_view name, const std::vector<std::string>& candidates);

// "; did you mean kernel?" or, where none resembles the name, "; the valid names are kernel, pad, stride". Empty
// without candidates.
std::string Suggestion(absl::string_view name, const std::vector<std::string>& candidates);

}  // namespace espalier

#endif  // ESPALIER_PROTO_NEAREST_NAME_H_
