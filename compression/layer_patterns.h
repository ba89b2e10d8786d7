// The layers of a network that have weights, found by their names: what patterns in a job's phases mean.
#ifndef ESPALIER_COMPRESSION_LAYER_PATTERNS_H_
#define ESPALIER_COMPRESSION_LAYER_PATTERNS_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/parameters.h"
#include "proto/field_path.h"

namespace espalier {

struct WeightedLayer {
  std::string name;
  std::vector<int> parameters;  // its weights, without biases and norm parameters
};

// In the order of the network.
std::vector<WeightedLayer> WeightedLayers(const ParameterLayout& layout);

// "stage2/conv1" of "stage2/conv1/weight".
absl::string_view LayerOf(absl::string_view parameter);

// Whether the pattern is the name, "*" standing for any characters, none and "/" included.
bool FitsPattern(absl::string_view pattern, absl::string_view name);

// Empty if the pattern fits a layer; else what is wrong with it, for the job's author.
std::string PatternProblem(const std::string& pattern, const std::vector<WeightedLayer>& layers);

// The first of a job's entries `layer { pattern: ... }` whose pattern fits the name, null if there is none.
template <typename Entry>
const Entry* FirstFitting(const google::protobuf::RepeatedPtrField<Entry>& entries, absl::string_view name) {
  for (const Entry& entry : entries) {
    if (FitsPattern(entry.pattern(), name)) return &entry;
  }
  return nullptr;
}

// Takes what is wrong with a job: the field's path, and what was expected there.
using JobErrorSink = std::function<void(const std::string& path, const std::string& message)>;

// An error for each such entry whose pattern fits no layer. `path` is the path of the message with the entries.
template <typename Entry>
void CheckPatterns(const google::protobuf::RepeatedPtrField<Entry>& entries, const std::vector<WeightedLayer>& layers,
                   const std::string& path, const JobErrorSink& error) {
  for (int i = 0; i < entries.size(); ++i) {
    const std::string problem = PatternProblem(entries[i].pattern(), layers);
    if (!problem.empty()) error(FieldPath(path, absl::StrCat("layer[", i, "].pattern")), problem);
  }
}

// "expected a value for the layers that no entry of layer fits (conv1, fc1), found none".
std::string MissingValue(const std::vector<std::string>& layers);

// "5 bits", "3 to 8 bits".
std::string DescribeBits(int fewest, int most);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_LAYER_PATTERNS_H_
