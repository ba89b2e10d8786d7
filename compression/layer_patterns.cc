#include "compression/layer_patterns.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/nearest_name.h"

namespace espalier {

absl::string_view LayerOf(absl::string_view parameter) { return parameter.substr(0, parameter.rfind('/')); }

std::vector<WeightedLayer> WeightedLayers(const ParameterLayout& layout) {
  std::vector<WeightedLayer> layers;
  for (int i = 0; i < layout.size(); ++i) {
    if (layout[i].role != ParameterRole::kWeight) continue;
    const absl::string_view layer = LayerOf(layout[i].name);
    if (layers.empty() || layers.back().name != layer) layers.push_back({std::string(layer), {}});
    layers.back().parameters.push_back(i);
  }
  return layers;
}

bool FitsPattern(absl::string_view pattern, absl::string_view name) {
  const size_t star = pattern.find('*');
  if (star == absl::string_view::npos) return pattern == name;
  if (!absl::StartsWith(name, pattern.substr(0, star))) return false;
  const absl::string_view rest = pattern.substr(star + 1);
  for (size_t begin = star; begin <= name.size(); ++begin) {
    if (FitsPattern(rest, name.substr(begin))) return true;
  }
  return false;
}

std::string PatternProblem(const std::string& pattern, const std::vector<WeightedLayer>& layers) {
  std::vector<std::string> names;
  for (const WeightedLayer& layer : layers) names.push_back(layer.name);
  if (std::any_of(names.begin(), names.end(), [&](const auto& name) { return FitsPattern(pattern, name); })) return "";
  return absl::StrCat("expected the name of a layer that has weights, or a pattern that fits some, found \"", pattern,
                      "\"", Suggestion(pattern, names));
}

std::string MissingValue(const std::vector<std::string>& layers) {
  return absl::StrCat("expected a value for the layers that no entry of layer fits (", absl::StrJoin(layers, ", "),
                      "), found none");
}

std::string DescribeBits(int fewest, int most) {
  if (fewest < most) return absl::StrCat(fewest, " to ", most, " bits");
  return absl::StrCat(most, most == 1 ? " bit" : " bits");
}

}  // namespace espalier
