#include "tools/scaling_work.h"

#include <algorithm>
#include <map>

#include "core/append_gradients.h"
#include "core/status.h"
#include "layers/training_graph.h"

namespace espalier {
namespace {

// Bytes that updating one f32 parameter moves: weight, gradient and slot in, weight and slot out.
constexpr double kUpdateBytes = 5 * sizeof(float);

double SecondsOf(const Graph& graph, const Node& node, const RankSpeed& speed) {
  if (node.op->IsView()) return 0;
  const Cost cost = node.op->CostOf(graph.InputTypes(node), graph.OutputTypes(node));
  return std::max(static_cast<double>(cost.flops) / speed.flops_per_s,
                  static_cast<double>(cost.bytes) / speed.bytes_per_s);
}

absl::StatusOr<Graph> TrainingGraph(const NetworkFile& file, int64_t batch) {
  BuildOptions options;
  options.batch_size = batch;
  options.training = true;
  options.sources = &file.sources;
  options.path = file.path_in_sources;
  Graph graph;
  RETURN_IF_ERROR(BuildLossGraph(file.job.model(), file.job.loss(), options, &graph).status());
  const ValueId seed = graph.AddInput("loss_gradient", {DType::kF32, {}});
  RETURN_IF_ERROR(AppendParameterGradients(&graph, graph.output("loss"), seed));
  return graph;
}

}  // namespace

absl::StatusOr<NetworkWork> EstimateWork(const NetworkFile& file, int64_t batch, const RankSpeed& speed) {
  ASSIGN_OR_RETURN(const Graph graph, TrainingGraph(file, batch));
  NetworkWork work;
  work.parameters = graph.parameters().parameter_count();
  std::map<ValueId, double> gradient_bytes;
  for (size_t i = 0; i < graph.gradients().size(); ++i) {
    const double elements = static_cast<double>(graph.parameters()[static_cast<int>(i)].elements());
    if (graph.gradients()[i] != kNoValue) gradient_bytes[graph.gradients()[i]] = elements * sizeof(float);
  }
  int64_t macs = 0;
  for (const Node& node : graph.nodes()) {
    const double seconds = SecondsOf(graph, node, speed);
    if (!node.backward) {
      work.step.forward_s += seconds;
      macs += node.op->CostOf(graph.InputTypes(node), graph.OutputTypes(node)).macs;
      continue;
    }
    work.step.backward_s += seconds;
    for (const ValueId id : node.outputs) {
      const auto found = gradient_bytes.find(id);
      if (found != gradient_bytes.end()) work.step.gradients.push_back({work.step.backward_s, found->second});
    }
  }
  for (const State& state : graph.states()) {
    work.step.state_bytes += static_cast<double>(graph.type(state.value).bytes());
  }
  work.step.update_s = kUpdateBytes * static_cast<double>(work.parameters) / speed.bytes_per_s;
  work.macs_per_sample = macs / batch;
  return work;
}

StepWork ScalePasses(StepWork work, double factor) {
  work.forward_s *= factor;
  work.backward_s *= factor;
  for (GradientWork& gradient : work.gradients) gradient.ready_s *= factor;
  return work;
}

}  // namespace espalier
