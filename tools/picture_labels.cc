#include "tools/picture_labels.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "proto/nearest_name.h"

namespace espalier {

absl::StatusOr<std::vector<std::string>> ParseClassNames(absl::string_view text, const std::string& path,
                                                         int64_t classes) {
  std::vector<std::string> names;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    names.emplace_back(absl::StripAsciiWhitespace(line));
  }
  while (!names.empty() && names.back().empty()) names.pop_back();
  if (static_cast<int64_t>(names.size()) == classes) return names;
  return absl::InvalidArgumentError(absl::StrCat(path, ": expected a line for each of the network's ", classes,
                                                 " classes, found ", names.size(), " lines"));
}

namespace {

// The class that the word means, or -1.
int64_t ClassOf(const std::string& word, int64_t classes, const std::vector<std::string>& names) {
  int64_t number;
  if (absl::SimpleAtoi(word, &number)) return number >= 0 && number < classes ? number : -1;
  const auto name = std::find(names.begin(), names.end(), word);
  return name == names.end() ? -1 : name - names.begin();
}

}  // namespace

absl::StatusOr<std::map<std::string, int64_t>> ParsePictureLabels(absl::string_view text, const std::string& path,
                                                                  int64_t classes,
                                                                  const std::vector<std::string>& names) {
  std::map<std::string, int64_t> labels;
  std::vector<std::string> problems;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const std::pair<std::string, std::string> words = absl::StrSplit(line, absl::MaxSplits(absl::ByAnyChar(" \t"), 1));
    const std::string name(absl::StripAsciiWhitespace(words.second));
    const int64_t label = ClassOf(name, classes, names);
    if (label < 0) {
      problems.push_back(absl::StrCat(path, ":", number, ": expected a picture and its class, a number from 0 to ",
                                      classes - 1, names.empty() ? "" : " or a name", "; found ", line,
                                      names.empty() ? "" : Suggestion(name, names)));
    } else if (!labels.emplace(words.first, label).second) {
      problems.push_back(
          absl::StrCat(path, ":", number, ": expected each picture once, found ", words.first, " again"));
    }
  }
  if (problems.empty()) return labels;
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

}  // namespace espalier
