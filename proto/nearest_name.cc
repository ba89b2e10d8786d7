#include "proto/nearest_name.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace espalier {
namespace {

// Longer words are not compared: names in the schema are far shorter, and the cost is quadratic.
constexpr size_t kLongestName = 64;
constexpr size_t kShortestContained = 3;

}  // namespace

int EditDistance(absl::string_view a, absl::string_view b) {
  // Rows i - 2, i - 1 and i of the table of distances between prefixes.
  std::vector<int> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

std::string NearestName(absl::string_view name, const std::vector<std::string>& candidates) {
  if (name.empty() || name.size() > kLongestName) return "";
  const std::string lower = absl::AsciiStrToLower(name);
  const std::string* nearest = nullptr;
  int smallest = 0;
  for (const std::string& candidate : candidates) {
    const int distance = EditDistance(lower, absl::AsciiStrToLower(candidate));
    const int allowed = std::max<int>(1, std::max(name.size(), candidate.size()) / 3);
    const bool resembles = distance <= allowed && distance < static_cast<int>(std::min(name.size(), candidate.size()));
    if (resembles && (nearest == nullptr || distance < smallest)) {
      nearest = &candidate;
      smallest = distance;
    }
  }
  if (nearest != nullptr) return *nearest;
  for (const std::string& candidate : candidates) {
    if (std::min(candidate.size(), name.size()) < kShortestContained) continue;
    const std::string other = absl::AsciiStrToLower(candidate);
    if (!absl::StrContains(lower, other) && !absl::StrContains(other, lower)) continue;
    if (nearest == nullptr || candidate.size() > nearest->size()) nearest = &candidate;
  }
  return nearest == nullptr ? "" : *nearest;
}

std::string Suggestion(absl::string_view name, const std::vector<std::string>& candidates) {
  const std::string nearest = NearestName(name, candidates);
  if (!nearest.empty()) return absl::StrCat("; did you mean ", nearest, "?");
  return candidates.empty() ? "" : absl::StrCat("; the valid names are ", absl::StrJoin(candidates, ", "));
}

}  // namespace espalier
