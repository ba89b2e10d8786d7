// Names with numbers in them: "layer2.10.conv1".
#ifndef ESPALIER_COMPRESSION_IMPORT_NATURAL_ORDER_H_
#define ESPALIER_COMPRESSION_IMPORT_NATURAL_ORDER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace espalier {

// Whether `a` comes before `b`, runs of digits compared as numbers: "features.3" before "features.10".
bool NaturalLess(absl::string_view a, absl::string_view b);

// The name with '#' for each number, or number with a letter behind it at the end of a word: "layer#.#.conv#",
// "inception#" of "inception4a". Modules of one form are numbered in the order in which they are run.
std::string FormOfName(absl::string_view name);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_IMPORT_NATURAL_ORDER_H_
