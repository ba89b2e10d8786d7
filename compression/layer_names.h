// The layers of a network that have weights, found by their names: what patterns in a job mean.
#ifndef ESPALIER_COMPRESSION_LAYER_NAMES_H_
#define ESPALIER_COMPRESSION_LAYER_NAMES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/parameters.h"

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

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_LAYER_NAMES_H_
