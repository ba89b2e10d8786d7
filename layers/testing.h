// For tests of layers: builds models from text and runs them on the reference kernels.
#ifndef ESPALIER_LAYERS_TESTING_H_
#define ESPALIER_LAYERS_TESTING_H_

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/graph.h"
#include "layers/model_builder.h"

namespace espalier {

struct TestModel {
  Graph graph;
  BuiltModel built;

  Shape output_shape() const { return graph.type(built.output).shape; }
  // The operators' kinds in order.
  std::vector<std::string> kinds() const;
  std::vector<std::string> parameter_names() const;
};

Model ParseModel(absl::string_view text);

// The model must build. `text` is a Model.
TestModel BuildText(absl::string_view text, int64_t batch_size = 2, bool training = false);

// The model must not build; its errors.
std::string BuildErrors(absl::string_view text);

// A tensor of the shape with the values first, first + step, ...
Tensor Ramp(Shape shape, float first, float step);

// The value of `output` for the given graph inputs; `parameters`, by name, replace initial values.
std::vector<float> RunReference(const Graph& graph, ValueId output, const std::map<std::string, Tensor>& inputs,
                                const std::map<std::string, std::vector<float>>& parameters = {});

}  // namespace espalier

#endif  // ESPALIER_LAYERS_TESTING_H_
