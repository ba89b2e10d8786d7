// What the author of a layer sees. A layer is a function from its own message to operators: it checks its fields,
// declares its parameters and emits operators into the graph. It never writes a backward pass (operators carry their
// gradient rules) and never hears of compression, precision or parallelism (passes over the graph).
//
//   absl::StatusOr<ValueId> MakeFoo(const Foo& foo, LayerContext& context);
//
// returns the layer's output value; a layer that does nothing returns its input. What can be said of the fields alone
// (proto/job_validator.h) holds already: a maker checks what depends on shapes.
#ifndef ESPALIER_LAYERS_LAYER_H_
#define ESPALIER_LAYERS_LAYER_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/graph.h"
#include "core/status.h"

namespace espalier {

// The graph's input with the number of each sample in its data set, s32 [batch]: the key of a sample's random draws.
inline constexpr absl::string_view kSampleIds = "sample_ids";

struct LayerSettings {
  std::string name;  // the full one: "stage2/block1/conv1"
  bool training = false;
  float learning_rate_multiplier = 1;
  float weight_decay_multiplier = 1;
};

class LayerContext {
 public:
  LayerContext(Graph* graph, LayerSettings settings, std::vector<ValueId> inputs)
      : graph_(graph), settings_(std::move(settings)), inputs_(std::move(inputs)) {}

  const std::string& name() const { return settings_.name; }
  bool training() const { return settings_.training; }
  int input_count() const { return static_cast<int>(inputs_.size()); }
  ValueId input(int index = 0) const { return inputs_[index]; }
  const std::vector<ValueId>& inputs() const { return inputs_; }
  Shape input_shape(int index = 0) const { return graph_->type(inputs_[index]).shape; }

  // Checks of fields and inputs. Each records its complaint and goes on, so that one build reports every problem;
  // Check() then says whether there was any. `field` is a field of the layer's message, empty for the layer as a whole.
  void Complain(absl::string_view field, std::string problem);
  void ExpectInputs(int count);
  void ExpectRank(int rank);
  absl::Status Check() const;
  const std::vector<std::pair<std::string, std::string>>& complaints() const { return complaints_; }

  // Adds the parameter "<layer>/<name>".
  absl::StatusOr<ValueId> AddParameter(absl::string_view name, Shape shape, ParameterRole role, InitialValue initial);
  // Adds the state "<layer>/<name>", kept between steps and not trained.
  absl::StatusOr<ValueId> AddState(absl::string_view name, Shape shape, float initial);
  void SetStateUpdate(ValueId state, ValueId update) { graph_->SetStateUpdate(state, update); }
  // The graph's input kSampleIds, added when first asked for.
  ValueId SampleIds();

  // Appends an operator; its shape rule's error becomes the layer's.
  absl::StatusOr<std::vector<ValueId>> Emit(OperatorPtr op, std::vector<ValueId> inputs);
  // The same for an operator of which only output 0 is wanted.
  absl::StatusOr<ValueId> Emit1(OperatorPtr op, std::vector<ValueId> inputs);

 private:
  Graph* graph_;
  LayerSettings settings_;
  std::vector<ValueId> inputs_;
  std::vector<std::pair<std::string, std::string>> complaints_;  // field, problem
};

// Fails when a tensor of this shape is empty or would have more than 2^40 elements, which only a mistake in a model can
// ask for. Everything computed from an accepted shape fits 64 bits.
absl::Status CheckSize(const Shape& shape);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_LAYER_H_
