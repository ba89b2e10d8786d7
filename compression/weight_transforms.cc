#include "compression/weight_transforms.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace espalier {

void WeightTransforms::Add(int parameter, std::unique_ptr<WeightTransform> transform) {
  CHECK(Find(parameter, transform->name()) == nullptr) << layout_[parameter].name << " has a " << transform->name();
  auto& chain = chains_[parameter];
  const auto after = std::upper_bound(chain.begin(), chain.end(), transform->place(),
                                      [](TransformPlace place, const auto& other) { return place < other->place(); });
  chain.insert(after, std::move(transform));
}

void WeightTransforms::Remove(absl::string_view name) {
  for (auto& chain : chains_) {
    const auto end =
        std::remove_if(chain.begin(), chain.end(), [name](const auto& transform) { return transform->name() == name; });
    chain.erase(end, chain.end());
  }
}

WeightTransform* WeightTransforms::Find(int parameter, absl::string_view name) const {
  for (const auto& transform : chains_[parameter]) {
    if (transform->name() == name) return transform.get();
  }
  return nullptr;
}

void WeightTransforms::TransformGradient(int parameter, float* gradients) const {
  const auto& chain = chains_[parameter];
  for (auto it = chain.rbegin(); it != chain.rend(); ++it) {
    (*it)->TransformGradient(gradients + layout_[parameter].offset);
  }
}

void WeightTransforms::Project(float* weights) const {
  for (int i = 0; i < layout_.size(); ++i) {
    for (const auto& transform : chains_[i]) transform->Project(weights + layout_[i].offset);
  }
}

void WeightTransforms::ResetSlot(float* slot, float initial) const {
  for (int i = 0; i < layout_.size(); ++i) {
    for (const auto& transform : chains_[i]) transform->ResetSlot(slot + layout_[i].offset, initial);
  }
}

void WeightTransforms::CheckWeights(const float* weights) const {
  for (int i = 0; i < layout_.size(); ++i) {
    for (const auto& transform : chains_[i]) {
      const float* values = weights + layout_[i].offset;
      const int64_t position = transform->FindViolation(values);
      CHECK_LT(position, 0) << "element " << position << " of " << layout_[i].name << " is " << values[position]
                            << ", which its " << transform->name() << " forbids";
    }
  }
}

std::vector<NamedTensor> WeightTransforms::State() const {
  std::vector<NamedTensor> state;
  for (int i = 0; i < layout_.size(); ++i) {
    for (const auto& transform : chains_[i]) {
      for (const NamedTensor& part : transform->State()) {
        const std::string name =
            part.name.empty() ? std::string(transform->name()) : absl::StrCat(transform->name(), ".", part.name);
        state.push_back({absl::StrCat(name, "/", layout_[i].name), part.tensor});
      }
    }
  }
  return state;
}

}  // namespace espalier
