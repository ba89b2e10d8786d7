#include "hw/activation_statistics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/fusion.h"

namespace espalier {
namespace {

std::string OutputName(int activation) { return absl::StrCat("activation", activation); }

// Writes the effective values into the store's weights and states.
absl::Status FillStore(absl::Span<const PackedTensor> tensors, const ParameterStore& store) {
  std::map<std::string, const PackedTensor*> by_name;
  for (const PackedTensor& tensor : tensors) by_name[tensor.name] = &tensor;
  std::vector<std::string> problems;
  const auto fill = [&](const std::string& name, const Tensor& to) {
    const auto it = by_name.find(name);
    if (it == by_name.end()) {
      problems.push_back(absl::StrCat("tensor \"", name, "\": expected ", to.shape().ToString(), ", found none"));
    } else if (it->second->shape != to.shape()) {
      problems.push_back(absl::StrCat("tensor \"", name, "\": expected ", to.shape().ToString(), ", found ",
                                      it->second->shape.ToString()));
    } else {
      EffectiveValues(*it->second, to.data<float>());
    }
  };
  for (int i = 0; i < store.layout().size(); ++i) fill(store.layout()[i].name, store.weight(i));
  for (const auto& [name, tensor] : store.states()) fill(name, tensor);
  return problems.empty() ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Executor>> MakeFloatExecutor(const InferenceNetwork& network,
                                                            absl::Span<const PackedTensor> tensors,
                                                            absl::Span<const int> wanted) {
  Graph graph = network.graph;
  const std::vector<ValueId> activations = network.Activations();
  for (int index : wanted) graph.SetOutput(OutputName(index), activations[index]);
  ASSIGN_OR_RETURN(graph, FuseOperators(graph));
  auto store = std::make_shared<ParameterStore>(graph);
  RETURN_IF_ERROR(FillStore(tensors, *store));
  return Executor::Create(std::move(graph), PlanOptions(), std::move(store), std::make_shared<Workspace>());
}

absl::StatusOr<std::vector<MagnitudeHistogram>> GatherActivations(const InferenceNetwork& network,
                                                                  absl::Span<const PackedTensor> tensors, Loader& data,
                                                                  int64_t samples) {
  // The input itself is at hand.
  std::vector<int> wanted(network.layers.size());
  std::iota(wanted.begin(), wanted.end(), 1);
  ASSIGN_OR_RETURN(const std::unique_ptr<Executor> executor, MakeFloatExecutor(network, tensors, wanted));
  std::vector<MagnitudeHistogram> histograms(network.layers.size() + 1);
  const Value& input = network.graph.value(network.input);
  int64_t seen = 0;
  data.Seek(0, 0);
  for (int64_t i = 0; i < data.batches_per_epoch() && seen < samples; ++i) {
    ASSIGN_OR_RETURN(const Batch* batch, data.Next());
    if (batch->images.shape() != input.type.shape) {
      return absl::InvalidArgumentError(absl::StrCat("input \"", input.name, "\": expected pictures ",
                                                     input.type.shape.ToString(), ", found ",
                                                     batch->images.shape().ToString()));
    }
    executor->SetInput(input.name, batch->images);
    executor->Run({});
#pragma omp parallel for schedule(dynamic)
    for (int a = 0; a < static_cast<int>(histograms.size()); ++a) {
      const Tensor values = a == 0 ? batch->images : executor->Output(OutputName(a));
      histograms[a].Add(values.span<float>());
    }
    seen += batch->count;
  }
  return histograms;
}

void StoreActivations(const InferenceNetwork& network, absl::Span<const MagnitudeHistogram> activations,
                      PackageInfo* info) {
  const std::vector<ValueId> ids = network.Activations();
  CHECK_EQ(ids.size(), activations.size());
  info->clear_activation();
  for (size_t i = 0; i < ids.size(); ++i) {
    auto* range = info->add_activation();
    range->set_name(network.ActivationName(ids[i]));
    range->set_max_magnitude(activations[i].max_magnitude());
    range->set_minimum(activations[i].minimum());
  }
}

absl::StatusOr<std::vector<MagnitudeHistogram>> ReadActivations(const InferenceNetwork& network,
                                                                const PackageInfo& info) {
  const std::vector<ValueId> ids = network.Activations();
  if (info.activation_size() != static_cast<int>(ids.size())) {
    return absl::InvalidArgumentError(absl::StrCat("package: expected the ranges of ", ids.size(),
                                                   " activations, found ", info.activation_size(),
                                                   info.activation_size() == 0 ? " (calibrate it first)" : ""));
  }
  std::vector<MagnitudeHistogram> activations;
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto& range = info.activation(static_cast<int>(i));
    const std::string name = network.ActivationName(ids[i]);
    if (range.name() != name) {
      return absl::InvalidArgumentError(
          absl::StrCat("package: expected the range of \"", name, "\", found that of \"", range.name(), "\""));
    }
    if (!(range.max_magnitude() >= 0) || !std::isfinite(range.max_magnitude()) || !std::isfinite(range.minimum())) {
      return absl::InvalidArgumentError(absl::StrCat("package: the range of \"", name,
                                                     "\": expected a finite magnitude, found ", range.max_magnitude(),
                                                     ", minimum ", range.minimum()));
    }
    activations.emplace_back(range.minimum(), range.max_magnitude());
  }
  return activations;
}

}  // namespace espalier
