#include "tools/sensitivity_scan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "compression/layer_patterns.h"
#include "compression/magnitude.h"
#include "core/fusion.h"
#include "layers/training_graph.h"

namespace espalier {
namespace {

// Puts the tensors into the store's places of the same names.
absl::Status Fill(absl::Span<const NamedTensor> tensors, ParameterStore* store) {
  std::map<std::string, Tensor> places = store->states();
  for (int i = 0; i < store->layout().size(); ++i) places[store->layout()[i].name] = store->weight(i);
  std::vector<std::string> errors;
  for (const NamedTensor& named : tensors) {
    const Tensor& tensor = named.tensor;
    const auto place = places.find(named.name);
    const std::string found = absl::StrCat(Name(tensor.dtype()), " ", tensor.shape().ToString());
    if (place == places.end()) {
      errors.push_back(absl::StrCat(named.name, ": expected no such tensor, found ", found));
      continue;
    }
    if (place->second.shape() == tensor.shape() && tensor.dtype() == DType::kF32) {
      std::copy_n(tensor.data<float>(), tensor.elements(), place->second.data<float>());
    } else {
      errors.push_back(
          absl::StrCat(named.name, ": expected f32 ", place->second.shape().ToString(), ", found ", found));
    }
    places.erase(place);
  }
  for (const auto& [name, place] : places) {
    errors.push_back(absl::StrCat(name, ": expected ", place.shape().ToString(), ", found no such tensor"));
  }
  if (errors.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("expected weights of the job's model, found others:\n", absl::StrJoin(errors, "\n")));
}

// A layer's weights, which become what they were when this ends.
class PrunedLayer {
 public:
  PrunedLayer(const WeightedLayer& layer, const ParameterStore& store) {
    for (const int parameter : layer.parameters) {
      const Tensor weight = store.weight(parameter);
      parts_.push_back({weight, weight.Copy(), Mask(weight.elements())});
    }
  }
  ~PrunedLayer() {
    for (const Part& part : parts_)
      std::copy_n(part.before.data<float>(), part.before.elements(), part.weight.data<float>());
  }
  PrunedLayer(const PrunedLayer&) = delete;
  PrunedLayer& operator=(const PrunedLayer&) = delete;

  int64_t weights() const {
    int64_t sum = 0;
    for (const Part& part : parts_) sum += part.before.elements();
    return sum;
  }
  // To no less than before.
  void Prune(double sparsity) {
    for (Part& part : parts_) {
      float* const weights = part.weight.data<float>();
      const MaskedWeights masked = {weights, &part.mask};
      MaskSmallest({&masked, 1}, std::llround(sparsity * static_cast<double>(part.before.elements())));
      part.mask.Project(weights);
    }
  }

 private:
  struct Part {
    Tensor weight;  // in the store
    Tensor before;
    Mask mask;
  };
  std::vector<Part> parts_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SensitivityNetwork>> SensitivityNetwork::Create(const Job& job, const SourceMap* sources,
                                                                               int64_t batch_size,
                                                                               absl::Span<const NamedTensor> tensors) {
  BuildOptions options;
  options.batch_size = batch_size;
  options.sources = sources;
  options.path = "model";
  Graph graph;
  ASSIGN_OR_RETURN(const BuiltModel built, BuildLossGraph(job.model(), job.loss(), options, &graph));
  if (built.inputs.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("model: expected one input, found ", built.inputs.size()));
  }
  ASSIGN_OR_RETURN(graph, FuseOperators(graph));
  std::unique_ptr<SensitivityNetwork> network(new SensitivityNetwork());
  network->input_name_ = job.model().input(0).name();
  network->store_ = std::make_shared<ParameterStore>(graph);
  RETURN_IF_ERROR(Fill(tensors, network->store_.get()));
  ASSIGN_OR_RETURN(network->executor_,
                   Executor::Create(std::move(graph), PlanOptions(), network->store_, std::make_shared<Workspace>()));
  return network;
}

absl::StatusOr<Accuracy> SensitivityNetwork::Evaluate(Loader& loader) {
  const Graph& graph = executor_->graph();
  const Shape input(graph.type(graph.input(input_name_)).shape.dims().subspan(1));
  const SampleType samples = loader.sample_type();
  if (input != samples.image_shape || graph.type(graph.output("logits")).shape[1] < samples.classes) {
    return absl::InvalidArgumentError(absl::StrCat("expected samples of ", input.ToString(), " and at most ",
                                                   graph.type(graph.output("logits")).shape[1], " classes, found ",
                                                   samples.image_shape.ToString(), " and ", samples.classes));
  }
  double loss = 0, count = 0, right = 0;
  loader.Seek(0, 0);
  for (int64_t i = 0; i < loader.batches_per_epoch(); ++i) {
    ASSIGN_OR_RETURN(const Batch* batch, loader.Next());
    executor_->SetInput(input_name_, batch->images);
    executor_->SetInput(kLabel, batch->labels);
    executor_->Run(StepContext());
    loss += *executor_->Output("loss").data<float>();
    const Tensor counts = executor_->Output("counts");
    count += counts.data<float>()[0];
    right += counts.data<float>()[1];
  }
  return Accuracy{right / count, loss / count};
}

absl::StatusOr<Sensitivity> ScanSensitivity(SensitivityNetwork& network, Loader& loader,
                                            const std::vector<double>& sparsities,
                                            const std::function<void(size_t done, size_t all)>& on_layer) {
  Sensitivity result;
  result.sparsities = sparsities;
  result.samples = loader.size();
  ASSIGN_OR_RETURN(result.dense, network.Evaluate(loader));
  const std::vector<WeightedLayer> layers = WeightedLayers(network.parameters().layout());
  for (const WeightedLayer& layer : layers) {
    on_layer(result.layers.size(), layers.size());
    PrunedLayer pruned(layer, network.parameters());
    LayerSensitivity& sensitivity = result.layers.emplace_back();
    sensitivity.layer = layer.name;
    sensitivity.weights = pruned.weights();
    for (const double sparsity : sparsities) {
      pruned.Prune(sparsity);
      ASSIGN_OR_RETURN(sensitivity.pruned.emplace_back(), network.Evaluate(loader));
    }
  }
  return result;
}

std::vector<double> SuggestedSparsities(const Sensitivity& sensitivity, double tolerance) {
  std::vector<double> suggested;
  for (const LayerSensitivity& layer : sensitivity.layers) {
    double& sparsity = suggested.emplace_back(0);
    for (size_t i = 0; i < layer.pruned.size(); ++i) {
      if (sensitivity.dense.top1 - layer.pruned[i].top1 >= tolerance) break;
      sparsity = sensitivity.sparsities[i];
    }
  }
  return suggested;
}

}  // namespace espalier
