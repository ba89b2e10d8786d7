#include "layers/model_builder.h"

#include <map>
#include <optional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "layers/layer.h"
#include "layers/layer_names.h"
#include "layers/register.h"
#include "layers/structure/add.h"
#include "layers/structure/concat.h"
#include "proto/diagnostics.h"
#include "proto/field_path.h"
#include "proto/job_validator.h"
#include "proto/nearest_name.h"

namespace espalier {
namespace {

// Beyond this many layers a model is a mistake (nested repeats multiply).
constexpr int kMaxLayers = 100000;

// What a name stands for: an input of the model or a layer's output.
struct Source {
  std::string name;
  std::string path;
  ValueId value = kNoValue;  // kNoValue when it could not be built
  bool used = false;
};
using SourceId = int;

// What a list of layers inherits from the composite that holds it.
struct Scope {
  const Scope* parent = nullptr;
  std::string prefix;  // of full names: "stage2/block1/"
  std::string path;    // of the list's owner, with a dot: "layer[3].residual.body."
  float learning_rate_multiplier = 1;
  float weight_decay_multiplier = 1;
  std::vector<std::vector<std::string>> names;  // of the list's layers and their copies
};

class Builder {
 public:
  Builder(const Model& model, const BuildOptions& options, Graph* graph)
      : model_(model),
        options_(options),
        graph_(graph),
        locations_(options.sources == nullptr ? no_locations_ : *options.sources) {}

  absl::StatusOr<BuiltModel> Build();

 private:
  void AddInputs();
  std::vector<SourceId> AddList(const LayerList& layers, Scope scope, std::vector<SourceId> inputs);
  SourceId AddLayer(const Layer& layer, const Scope& scope, const std::string& name, const std::string& path,
                    const std::vector<SourceId>& inputs);
  // Builds the layers inside a composite. The results are the inputs of the operator that closes it; a sequence has one
  // result and none that closes it.
  std::vector<SourceId> AddBody(const Layer& layer, const Scope& scope, const std::string& name,
                                const std::string& path, const std::vector<SourceId>& inputs);
  // Lets `make` emit the layer.
  SourceId Emit(const Layer& layer, LayerMaker make, LayerSettings settings, const std::string& path,
                const std::vector<SourceId>& inputs);

  std::optional<SourceId> Find(const Scope& scope, const std::string& name) const;
  std::vector<SourceId> ResolveInputs(const Layer& layer, const Scope& scope, const std::string& layer_name,
                                      const std::string& path);
  std::string UnknownName(const Scope& scope, const std::string& name) const;
  // Gives `name` its meaning; complains when it is taken.
  void Define(const std::string& name, const std::string& path, SourceId source);
  SourceId AddSource(std::string name, std::string path, ValueId value);
  void CheckAllUsed();
  void Report(const std::string& path, absl::string_view layer, absl::string_view problem);

  const Model& model_;
  const BuildOptions& options_;
  Graph* graph_;
  const SourceMap no_locations_;
  const SourceMap& locations_;
  Diagnostics diagnostics_;
  std::set<std::string> reported_;  // path and problem: copies of a repeated layer fail alike
  BuiltModel built_;
  std::vector<Source> sources_;
  std::map<std::string, SourceId> names_;  // full names of what is built so far
  int layer_count_ = 0;
};

bool IsSequence(const Layer& layer) { return layer.kind_case() == Layer::kSequence; }

// The operator that closes a composite of several bodies, as a maker.
LayerMaker FindClosingMaker(const Layer& layer) {
  switch (layer.kind_case()) {
    case Layer::kResidual:
      return [](const Layer&, LayerContext& context) { return MakeAdd(Add(), context); };
    case Layer::kBranches:
      return [](const Layer& branches, LayerContext& context) {
        Concat concat;
        concat.set_axis(branches.branches().axis());
        return MakeConcat(concat, context);
      };
    default:
      return nullptr;
  }
}

void Builder::Report(const std::string& path, absl::string_view layer, absl::string_view problem) {
  if (!reported_.insert(absl::StrCat(path, "\n", problem)).second) return;
  const std::string full_path = FieldPath(options_.path, path);
  diagnostics_.Add(locations_.Find(full_path), full_path,
                   layer.empty() ? std::string(problem) : absl::StrCat("layer \"", layer, "\": ", problem));
}

SourceId Builder::AddSource(std::string name, std::string path, ValueId value) {
  sources_.push_back({std::move(name), std::move(path), value});
  return static_cast<SourceId>(sources_.size()) - 1;
}

void Builder::Define(const std::string& name, const std::string& path, SourceId source) {
  if (names_.emplace(name, source).second) return;
  Report(path, "", absl::StrCat("expected a name of its own, found \"", name, "\" a second time"));
}

void Builder::AddInputs() {
  for (int i = 0; i < model_.input_size(); ++i) {
    const Input& input = model_.input(i);
    const std::string path = absl::StrCat("input[", i, "]");
    const SourceId source = AddSource(input.name(), path, kNoValue);
    Define(input.name(), path + ".name", source);
    if (input.name() == kSampleIds || absl::StrContains(input.name(), '/')) {
      Report(path + ".name", "",
             absl::StrCat("expected a name without '/' other than ", kSampleIds, ", found \"", input.name(), "\""));
    }
    std::vector<int64_t> dims = {options_.batch_size};
    dims.insert(dims.end(), input.dims().begin(), input.dims().end());
    if (const absl::Status status = CheckSize(Shape(dims)); !status.ok()) {
      Report(path + ".dims", "", status.message());
      continue;
    }
    sources_[source].value = graph_->AddInput(input.name(), {DType::kF32, Shape(dims)});
    built_.inputs.push_back(sources_[source].value);
  }
}

std::optional<SourceId> Builder::Find(const Scope& scope, const std::string& name) const {
  for (const Scope* level = &scope; level != nullptr; level = level->parent) {
    const auto found = names_.find(level->prefix + name);
    if (found != names_.end()) return found->second;
  }
  return std::nullopt;
}

std::string Builder::UnknownName(const Scope& scope, const std::string& name) const {
  std::vector<std::string> candidates;
  for (const Scope* level = &scope; level != nullptr; level = level->parent) {
    for (const auto& copies : level->names) {
      for (const std::string& copy : copies) {
        if (copy == name) {
          return absl::StrCat("expected the name of a layer above, found \"", name, "\", which does not stand above");
        }
      }
    }
    for (auto it = names_.lower_bound(level->prefix); it != names_.end(); ++it) {
      if (!absl::StartsWith(it->first, level->prefix)) break;
      candidates.push_back(it->first.substr(level->prefix.size()));
    }
  }
  return absl::StrCat("expected the name of a layer above or of an input, found \"", name, "\"",
                      Suggestion(name, candidates));
}

std::vector<SourceId> Builder::ResolveInputs(const Layer& layer, const Scope& scope, const std::string& layer_name,
                                             const std::string& path) {
  std::vector<SourceId> inputs;
  for (int i = 0; i < layer.input_size(); ++i) {
    if (const auto source = Find(scope, layer.input(i))) {
      inputs.push_back(*source);
      continue;
    }
    Report(absl::StrCat(path, ".input[", i, "]"), layer_name, UnknownName(scope, layer.input(i)));
    inputs.push_back(AddSource(layer.input(i), path, kNoValue));
  }
  return inputs;
}

std::vector<SourceId> Builder::AddList(const LayerList& layers, Scope scope, std::vector<SourceId> inputs) {
  std::set<std::string> taken;
  if (scope.parent == nullptr) {
    for (const Input& input : model_.input()) taken.insert(input.name());
  }
  scope.names = AssignNames(layers, std::move(taken));
  for (int i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    const std::string path = absl::StrCat(scope.path, "layer[", i, "]");
    if (absl::StrContains(layer.name(), '/')) {
      Report(path + ".name", "", absl::StrCat("expected a name without '/', found \"", layer.name(), "\""));
    }
    for (const std::string& own_name : scope.names[i]) {
      if (++layer_count_ > kMaxLayers) return inputs;
      const std::string name = scope.prefix + own_name;
      const bool named_inputs = layer.input_size() > 0 && own_name == scope.names[i].front();
      if (named_inputs) inputs = ResolveInputs(layer, scope, name, path);
      inputs = {AddLayer(layer, scope, name, path, inputs)};
      Define(name, path + ".name", inputs[0]);
    }
    if (layer.has_name() && layer.repeat() > 1) Define(scope.prefix + layer.name(), path + ".name", inputs[0]);
  }
  return inputs;
}

SourceId Builder::AddLayer(const Layer& layer, const Scope& scope, const std::string& name, const std::string& path,
                           const std::vector<SourceId>& inputs) {
  LayerSettings settings;
  settings.name = name;
  settings.training = options_.training;
  settings.learning_rate_multiplier = scope.learning_rate_multiplier * layer.learning_rate_multiplier();
  settings.weight_decay_multiplier = scope.weight_decay_multiplier * layer.weight_decay_multiplier();
  if (const LayerMaker make = FindLayerMaker(layer.kind_case())) {
    return Emit(layer, make, std::move(settings), path, inputs);
  }
  Scope inner;
  inner.parent = &scope;
  inner.prefix = name + "/";
  inner.learning_rate_multiplier = settings.learning_rate_multiplier;
  inner.weight_decay_multiplier = settings.weight_decay_multiplier;
  const std::vector<SourceId> outputs = AddBody(layer, inner, name, path, inputs);
  if (IsSequence(layer)) return outputs[0];
  return Emit(layer, FindClosingMaker(layer), std::move(settings), path, outputs);
}

std::vector<SourceId> Builder::AddBody(const Layer& layer, const Scope& scope, const std::string& name,
                                       const std::string& path, const std::vector<SourceId>& inputs) {
  std::vector<SourceId> outputs;
  // An empty list passes its input on, which must then be one value.
  const auto add = [&](const Sequence& sequence, const std::string& field, const std::string& extra_prefix) {
    if (sequence.layer_size() == 0 && inputs.size() != 1) {
      Report(path, name, absl::StrCat("expected 1 input to pass on, found ", inputs.size()));
      outputs.push_back(AddSource(name, path, kNoValue));
      return;
    }
    Scope inner = scope;
    inner.prefix += extra_prefix;
    inner.path = absl::StrCat(path, ".", field, ".");
    outputs.push_back(AddList(sequence.layer(), std::move(inner), inputs)[0]);
  };
  switch (layer.kind_case()) {
    case Layer::kSequence:
      add(layer.sequence(), "sequence", "");
      break;
    case Layer::kResidual:
      add(layer.residual().body(), "residual.body", "");
      add(layer.residual().shortcut(), "residual.shortcut", "shortcut/");
      break;
    case Layer::kBranches:
      for (int i = 0; i < layer.branches().branch_size(); ++i) {
        add(layer.branches().branch(i), absl::StrCat("branches.branch[", i, "]"), absl::StrCat("branch", i + 1, "/"));
      }
      break;
    default:
      LOG(FATAL) << "no maker for " << KindName(layer);
  }
  return outputs;
}

SourceId Builder::Emit(const Layer& layer, LayerMaker make, LayerSettings settings, const std::string& path,
                       const std::vector<SourceId>& inputs) {
  std::vector<ValueId> values;
  bool inputs_failed = false;
  for (SourceId input : inputs) {
    sources_[input].used = true;
    values.push_back(sources_[input].value);
    inputs_failed |= values.back() == kNoValue;
  }
  const std::string name = settings.name;
  const SourceId result = AddSource(name, path, kNoValue);
  if (inputs_failed) return result;

  LayerContext context(graph_, std::move(settings), std::move(values));
  const absl::StatusOr<ValueId> output = make(layer, context);
  if (!output.ok()) {
    const std::string kind = KindName(layer);
    for (const auto& [field, problem] : context.complaints()) {
      Report(absl::StrCat(path, ".", kind, field.empty() ? "" : ".", field), name, problem);
    }
    if (context.complaints().empty()) Report(absl::StrCat(path, ".", kind), name, output.status().message());
    return result;
  }
  sources_[result].value = *output;
  built_.layers.push_back({name, KindName(layer), path, *output});
  return result;
}

void Builder::CheckAllUsed() {
  for (const Source& source : sources_) {
    if (source.used) continue;
    const bool layer = absl::StartsWith(source.path, "layer");
    Report(source.path, layer ? source.name : "",
           absl::StrCat("expected ", layer ? "its output" : absl::StrCat("input \"", source.name, "\""),
                        " to be read by a layer", layer ? " or to be the model's output" : "", ", found no reader"));
  }
}

absl::StatusOr<BuiltModel> Builder::Build() {
  ValidateModel(model_, options_.path, locations_, &diagnostics_);
  RETURN_IF_ERROR(diagnostics_.ToStatus());
  AddInputs();
  std::vector<SourceId> inputs(model_.input_size());
  for (int i = 0; i < model_.input_size(); ++i) inputs[i] = i;
  const Scope top;
  const std::vector<SourceId> last = AddList(model_.layer(), top, std::move(inputs));
  if (layer_count_ > kMaxLayers) Report("", "", absl::StrCat("expected at most ", kMaxLayers, " layers"));

  std::optional<SourceId> output;
  if (!model_.has_output()) {
    if (!last.empty()) output = last[0];
  } else if (output = Find(top, model_.output()); !output) {
    Report("output", "", UnknownName(top, model_.output()));
  }
  if (output) sources_[*output].used = true;
  if (diagnostics_.empty()) CheckAllUsed();
  RETURN_IF_ERROR(diagnostics_.ToStatus());
  graph_->SetLayer("");
  built_.output = sources_[*output].value;
  return std::move(built_);
}

}  // namespace

absl::StatusOr<BuiltModel> BuildModel(const Model& model, const BuildOptions& options, Graph* graph) {
  if (options.batch_size < 1) {
    return absl::InvalidArgumentError(absl::StrCat("expected a batch of at least 1, found ", options.batch_size));
  }
  if (model.has_file()) {
    return absl::InvalidArgumentError(absl::StrCat("the model is still in a file of its own, ", model.file()));
  }
  return Builder(model, options, graph).Build();
}

}  // namespace espalier
