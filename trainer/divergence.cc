#include "trainer/divergence.h"

#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

// Times zero, every finite number is zero and no other is.
bool AllFinite(const float* values, int64_t count) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += values[i] * 0.0f;
  return sum == 0;
}

std::optional<float> FirstNonFinite(const Tensor& tensor) {
  for (const float value : tensor.span<float>()) {
    if (!std::isfinite(value)) return value;
  }
  return std::nullopt;
}

}  // namespace

bool ParametersFinite(const ParameterStore& store) {
  if (!AllFinite(store.weights(), store.layout().arena_elements())) return false;
  for (const auto& [name, tensor] : store.states()) {
    if (!AllFinite(tensor.data<float>(), tensor.elements())) return false;
  }
  return true;
}

std::string LocateNonFinite(Network& network, const StepContext& context) {
  const ParameterStore& store = network.parameters();
  // Gradients come in reverse order of the layers and spoil those that follow: the last is the one they began with.
  for (int i = store.layout().size() - 1; i >= 0; --i) {
    const std::optional<float> value = FirstNonFinite(store.weight(i));
    if (value) return absl::StrCat("parameter \"", store.layout()[i].name, "\" became ", *value, " in an update");
  }
  Executor& executor = network.training();
  const int index = executor.FindNonFinite(context);
  if (index >= 0) {
    const PlanStep& step = executor.plan().steps[index];
    return absl::StrCat("it appeared in layer \"", step.layer, "\" (", step.kind, ", ",
                        step.backward ? "backward" : "forward", ")");
  }
  for (const auto& [name, tensor] : store.states()) {
    const std::optional<float> value = FirstNonFinite(tensor);
    if (value) return absl::StrCat("state \"", name, "\" became ", *value);
  }
  return kNotLocated;
}

}  // namespace espalier
