#include "hw/integer_units.h"

#include <algorithm>
#include <map>

namespace espalier {
namespace {

// Whether an activation can be negative: behind a rectifier, or made from such only, it cannot.
std::vector<bool> FindSigns(const InferenceNetwork& network, const std::map<ValueId, int>& index,
                            const MagnitudeHistogram& input) {
  std::vector<bool> is_signed = {input.minimum() < 0};
  for (const InferenceLayer& layer : network.layers) {
    const bool any =
        std::any_of(layer.inputs.begin(), layer.inputs.end(), [&](ValueId id) { return is_signed[index.at(id)]; });
    is_signed.push_back(!layer.relu && (layer.weight != kNoValue || any));
  }
  return is_signed;
}

}  // namespace

std::vector<IntegerActivation> ChooseActivations(const InferenceNetwork& network,
                                                 absl::Span<const MagnitudeHistogram> histograms,
                                                 const IntegerFormat& format) {
  const std::vector<ValueId> ids = network.Activations();
  std::map<ValueId, int> index, readers;
  for (size_t i = 0; i < ids.size(); ++i) index[ids[i]] = static_cast<int>(i);
  for (const InferenceLayer& layer : network.layers) {
    for (ValueId input : layer.inputs) ++readers[input];
  }
  ++readers[network.output];
  const std::vector<bool> is_signed = FindSigns(network, index, histograms[0]);
  std::vector<IntegerActivation> activations(ids.size());
  for (size_t i = 0; i < ids.size(); ++i) {
    IntegerActivation& activation = activations[i];
    activation.name = network.ActivationName(ids[i]);
    activation.shape = network.SampleShape(ids[i]);
    activation.limits = ActivationLimits(format.bits, is_signed[i]);
    activation.unit = ChooseUnit(histograms[i], activation.limits.maximum, format.activations, format.power_of_two);
  }
  // From the end, so that a concatenation of concatenations passes its unit on; the input's has no maker to choose one.
  for (auto layer = network.layers.rbegin(); layer != network.layers.rend(); ++layer) {
    if (layer->kind != InferenceKind::kConcat) continue;
    for (ValueId input : layer->inputs) {
      if (readers[input] == 1) activations[index[input]].unit = activations[index[layer->output]].unit;
    }
  }
  for (const InferenceLayer& layer : network.layers) {
    if (layer.kind != InferenceKind::kMaxPool) continue;
    activations[index[layer.output]].unit = activations[index[layer.inputs[0]]].unit;
  }
  return activations;
}

}  // namespace espalier
