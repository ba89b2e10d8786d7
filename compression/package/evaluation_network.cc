#include "compression/package/evaluation_network.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/fusion.h"
#include "core/ops/loss.h"
#include "data/validation_batch_size.h"
#include "layers/model_builder.h"
#include "layers/training_graph.h"

namespace espalier {
namespace {

constexpr char kLogits[] = "logits", kCounts[] = "counts";

absl::StatusOr<Graph> BuildGraph(const Model& model, int64_t batch_size) {
  BuildOptions options;
  options.batch_size = batch_size;
  options.path = "model";
  Graph graph;
  ASSIGN_OR_RETURN(const BuiltModel built, BuildModel(model, options, &graph));
  if (built.inputs.size() != 1) {
    return absl::InvalidArgumentError(absl::StrCat("expected a network of one input, found ", built.inputs.size()));
  }
  graph.SetOutput(kLogits, built.output);
  if (graph.type(built.output).shape.rank() == 2 && graph.input(kLabel) == kNoValue) {
    const ValueId label = graph.AddInput(std::string(kLabel), {DType::kS32, {batch_size}});
    ASSIGN_OR_RETURN(const ValueId counts, graph.Add1(std::make_shared<CountCorrectOp>(), {built.output, label}));
    graph.SetOutput(kCounts, counts);
  }
  return FuseOperators(graph);
}

absl::Status Fill(const Package& package, ParameterStore* store) {
  std::map<std::string, Tensor> places = store->states();
  for (int i = 0; i < store->layout().size(); ++i) places[store->layout()[i].name] = store->weight(i);
  if (package.tensors.size() != places.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected ", places.size(), " tensors, found ", package.tensors.size()));
  }
  for (const PackedTensor& tensor : package.tensors) {
    const auto place = places.find(tensor.name);
    if (place == places.end() || place->second.shape() != tensor.shape) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected the network's tensors, found ", tensor.name, " ", tensor.shape.ToString()));
    }
    EffectiveValues(tensor, place->second.data<float>());
    places.erase(place);
  }
  return places.empty() ? absl::OkStatus()
                        : absl::InvalidArgumentError(absl::StrCat("found no ", places.begin()->first));
}

absl::Status CheckSamples(const EvaluationNetwork& network, const SampleType& samples) {
  const Shape& input = network.input_shape();
  const Shape sample(input.dims().subspan(1));
  if (sample != samples.image_shape) {
    return absl::InvalidArgumentError(absl::StrCat("expected samples of ", sample.ToString(),
                                                   ", which the network takes, found ",
                                                   samples.image_shape.ToString()));
  }
  const Graph& graph = network.graph();
  if (!network.has_classes() || graph.type(graph.output(kLogits)).shape[1] < samples.classes) {
    return absl::InvalidArgumentError(absl::StrCat("expected a network with outputs for ", samples.classes,
                                                   " classes, found ",
                                                   graph.type(graph.output(kLogits)).shape.ToString()));
  }
  return absl::OkStatus();
}

// Numbers of a sample of the network's input.
int64_t SampleElements(const Model& model) {
  int64_t elements = 1;
  for (const int32_t dim : model.input(0).dims()) elements *= dim;
  return elements;
}

// As the package has it, but within reason: what is counted does not depend on it.
int64_t EvaluationBatchSize(const PackageInfo& info) {
  constexpr int64_t kMostSamples = 1000, kMostElements = int64_t{1} << 26;
  const int64_t most = std::clamp<int64_t>(kMostElements / SampleElements(info.model()), 1, kMostSamples);
  return std::min(ValidationBatchSize(info.data()), most);
}

}  // namespace

absl::StatusOr<std::unique_ptr<EvaluationNetwork>> EvaluationNetwork::Create(const Package& package,
                                                                             int64_t batch_size) {
  std::unique_ptr<EvaluationNetwork> network(new EvaluationNetwork());
  ASSIGN_OR_RETURN(Graph graph, BuildGraph(package.info.model(), batch_size));
  network->input_name_ = package.info.model().input(0).name();
  network->input_shape_ = graph.type(graph.input(network->input_name_)).shape;
  network->labels_ = Tensor(DType::kS32, {batch_size});
  std::fill_n(network->labels_.data<int32_t>(), batch_size, -1);
  network->store_ = std::make_shared<ParameterStore>(graph);
  RETURN_IF_ERROR(Fill(package, network->store_.get()));
  ASSIGN_OR_RETURN(network->executor_,
                   Executor::Create(std::move(graph), PlanOptions(), network->store_, std::make_shared<Workspace>()));
  return network;
}

bool EvaluationNetwork::has_classes() const { return graph().output(kCounts) != kNoValue; }

Tensor EvaluationNetwork::Run(const Tensor& images) {
  Count(images, labels_);
  return executor_->Output(kLogits);
}

TopCounts EvaluationNetwork::Count(const Tensor& images, const Tensor& labels) {
  executor_->SetInput(input_name_, images);
  executor_->SetInput(kLabel, labels);
  executor_->Run(StepContext());
  if (!has_classes()) return {};
  const Tensor output = executor_->Output(kCounts);
  const float* counts = output.data<float>();
  return {static_cast<int64_t>(counts[0]), static_cast<int64_t>(counts[1]), static_cast<int64_t>(counts[2])};
}

absl::StatusOr<std::unique_ptr<Loader>> OpenValidation(const Package& package, const std::string& data_dir,
                                                       int64_t batch_size) {
  const Data& data = package.info.data();
  if (!data.has_validation()) {
    return absl::InvalidArgumentError("expected a package that names validation samples, found none");
  }
  LoaderOptions options;
  options.data_dir = data_dir;
  options.batch_size = batch_size > 0 ? batch_size : EvaluationBatchSize(package.info);
  constexpr int64_t kMostElements = int64_t{1} << 28;  // before memory is taken for them
  if (const int64_t sample = SampleElements(package.info.model()); options.batch_size > kMostElements / sample) {
    return absl::InvalidArgumentError(absl::StrCat("expected a batch of at most ", kMostElements / sample,
                                                   " samples of ", sample, " numbers, found ", options.batch_size));
  }
  options.training = false;
  options.shuffle = false;
  return Loader::Create(data.validation(), options);
}

absl::StatusOr<TopCounts> EvaluatePackage(const Package& package, const std::string& data_dir,
                                          const std::function<void(int64_t done, int64_t all)>& on_batch) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Loader> loader, OpenValidation(package, data_dir));
  ASSIGN_OR_RETURN(const std::unique_ptr<EvaluationNetwork> network,
                   EvaluationNetwork::Create(package, EvaluationBatchSize(package.info)));
  RETURN_IF_ERROR(CheckSamples(*network, loader->sample_type()));
  TopCounts counts;
  for (int64_t i = 0; i < loader->batches_per_epoch(); ++i) {
    ASSIGN_OR_RETURN(const Batch* batch, loader->Next());
    const TopCounts of_batch = network->Count(batch->images, batch->labels);
    counts.samples += of_batch.samples;
    counts.top1 += of_batch.top1;
    counts.top5 += of_batch.top5;
    if (on_batch) on_batch(counts.samples, loader->size());
  }
  return counts;
}

}  // namespace espalier
