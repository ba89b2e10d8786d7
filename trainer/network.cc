#include "trainer/network.h"

#include "absl/strings/str_cat.h"
#include "core/append_gradients.h"
#include "core/fusion.h"
#include "core/onednn/kernels.h"
#include "core/precision.h"
#include "core/recompute.h"
#include "layers/layer.h"
#include "layers/training_graph.h"
#include "parallel/synchronized_batch_norm.h"

namespace espalier {
namespace {

// The graph's input that holds the gradient of the summed loss: the loss scale over the batch size.
constexpr char kLossGradient[] = "loss_gradient";

PrecisionOptions PrecisionFor(Precision::Compute compute) {
  switch (compute) {
    case Precision::BF16:
      return {ComputePrecision::kBF16, HasNativeBFloat16()};
    case Precision::F16:
      return {ComputePrecision::kF16, false};
    default:
      return {};
  }
}

absl::StatusOr<Graph> BuildGraph(const Model& model, const Loss& loss, const NetworkOptions& options, bool training,
                                 BuiltModel* built) {
  Graph graph;
  BuildOptions build;
  build.batch_size = training ? options.batch_size : options.evaluation_batch_size;
  build.training = training;
  build.sources = options.sources;
  build.path = "model";
  ASSIGN_OR_RETURN(*built, BuildLossGraph(model, loss, build, &graph));
  ASSIGN_OR_RETURN(graph, ApplyPrecision(graph, PrecisionFor(options.compute)));
  ASSIGN_OR_RETURN(graph, FuseOperators(graph));
  if (training && options.channel_reducer != nullptr) {
    ASSIGN_OR_RETURN(graph, SynchronizeBatchNorms(graph, options.batch_size, options.global_batch_size));
  }
  if (training) {
    const ValueId seed = graph.AddInput(kLossGradient, {DType::kF32, {}});
    RETURN_IF_ERROR(AppendParameterGradients(&graph, graph.output("loss"), seed));
    ASSIGN_OR_RETURN(graph, RecomputeCasts(graph));
  }
  return graph;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Network>> Network::Create(const Model& model, const Loss& loss,
                                                         const NetworkOptions& options) {
  std::unique_ptr<Network> network(new Network());
  BuiltModel built;
  ASSIGN_OR_RETURN(Graph training, BuildGraph(model, loss, options, true, &built));
  network->layers_ = built.layers;
  if (built.inputs.size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("model: a job trains a model of one input, this one has ", built.inputs.size()));
  }
  network->input_name_ = model.input(0).name();
  ASSIGN_OR_RETURN(Graph evaluation, BuildGraph(model, loss, options, false, &built));
  network->store_ = options.weights_of != nullptr ? options.weights_of->ShareWeights()
                                                  : std::make_shared<ParameterStore>(training, options.seed);
  network->workspace_ = std::make_shared<Workspace>();
  network->seed_ = Tensor(DType::kF32, {});
  network->channel_reducer_ = options.channel_reducer;
  PlanOptions plan;
  plan.reference_only = options.reference_only;
  ASSIGN_OR_RETURN(network->training_,
                   Executor::Create(std::move(training), plan, network->store_, network->workspace_));
  ASSIGN_OR_RETURN(network->evaluation_,
                   Executor::Create(std::move(evaluation), plan, network->store_, network->workspace_));
  network->training_->SetInput(kLossGradient, network->seed_);
  return network;
}

NetworkFigures Network::Figures() const {
  NetworkFigures figures;
  figures.parameters = store_->layout().parameter_count();
  const Graph& graph = evaluation_->graph();
  int64_t macs = 0;
  for (const Node& node : graph.nodes()) macs += node.op->CostOf(graph.InputTypes(node), graph.OutputTypes(node)).macs;
  figures.forward_macs = macs / graph.type(graph.input(input_name_)).shape[0];
  figures.parameter_bytes = 2 * store_->layout().arena_elements() * sizeof(float);
  figures.workspace_bytes = workspace_->bytes();
  return figures;
}

double Network::Finish(const Executor& executor) {
  const float* counts = executor.Output("counts").data<float>();
  counts_ = {counts[0], counts[1], counts[2]};
  return *executor.Output("loss").data<float>();
}

double Network::TrainStep(const Tensor& images, const Tensor& labels, const Tensor& sample_ids, float gradient_seed,
                          const StepContext& context) {
  *seed_.data<float>() = gradient_seed;
  training_->SetInput(input_name_, images);
  training_->SetInput(kLabel, labels);
  training_->SetInput(kSampleIds, sample_ids);
  StepContext step = context;
  step.channel_reducer = channel_reducer_;
  training_->Run(step);
  return Finish(*training_);
}

double Network::Evaluate(const Tensor& images, const Tensor& labels, const StepContext& context) {
  evaluation_->SetInput(input_name_, images);
  evaluation_->SetInput(kLabel, labels);
  evaluation_->Run(context);
  return Finish(*evaluation_);
}

}  // namespace espalier
