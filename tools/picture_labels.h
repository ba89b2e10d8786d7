// Texts that say what pictures show, and what classes are called.
#ifndef ESPALIER_TOOLS_PICTURE_LABELS_H_
#define ESPALIER_TOOLS_PICTURE_LABELS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace espalier {

// A name a line, class 0 first; blanks around it do not count. InvalidArgument unless there are `classes` lines, blank
// ones at the end aside.
absl::StatusOr<std::vector<std::string>> ParseClassNames(absl::string_view text, const std::string& path,
                                                         int64_t classes);

// A line for each picture: its file's name, without folders, blanks, and its class: the number, or one of `names`.
// Blank lines and those that begin with '#' say nothing. InvalidArgument with all problems, each with `path` and line.
absl::StatusOr<std::map<std::string, int64_t>> ParsePictureLabels(absl::string_view text, const std::string& path,
                                                                  int64_t classes,
                                                                  const std::vector<std::string>& names);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_PICTURE_LABELS_H_
