#include "compression/import/name_table.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/files/json_scanner.h"

namespace espalier {

absl::StatusOr<std::vector<NamePair>> ParseNameTable(absl::string_view text, const std::string& path) {
  std::vector<NamePair> pairs;
  std::vector<std::string> problems;
  std::map<std::string, int> line_of_theirs, line_of_ours;
  const auto note = [&](std::map<std::string, int>* lines, const std::string& name, int line) {
    const auto [first, added] = lines->emplace(name, line);
    if (!added) {
      problems.push_back(
          absl::StrCat(path, ":", line, ": expected each name once, found ", name, ", as in line ", first->second));
    }
  };
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = line.substr(0, line.find('#'));
    const std::vector<std::string> words = absl::StrSplit(line, absl::ByAnyChar(" \t\r\v\f"), absl::SkipEmpty());
    if (words.empty()) continue;
    if (words.size() != 2) {
      problems.push_back(
          absl::StrCat(path, ":", number, ": expected two names, theirs and ours, found ", words.size()));
      continue;
    }
    if (!IsUtf8(line)) {
      problems.push_back(absl::StrCat(path, ":", number, ": expected names in UTF-8, found other bytes"));
      continue;
    }
    note(&line_of_theirs, words[0], number);
    if (words[1] != kLeaveOut) note(&line_of_ours, words[1], number);
    pairs.push_back({words[0], words[1], number});
  }
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
  return pairs;
}

}  // namespace espalier
