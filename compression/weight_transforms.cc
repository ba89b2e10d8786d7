#include "compression/weight_transforms.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace espalier {

void WeightTransforms::Add(int parameter, std::unique_ptr<WeightTransform> transform) {
  CHECK(Find(parameter, transform->name()) == nullptr) << layout_[parameter].name << " has a " << transform->name();
  Chain& chain = chains_[parameter];
  if (transform->keeps_trained_weights() && !chain.keeps_trained_weights()) {
    chain.trained = Tensor(DType::kF32, layout_[parameter].shape);
  }
  const auto after = std::upper_bound(chain.transforms.begin(), chain.transforms.end(), transform->place(),
                                      [](TransformPlace place, const auto& other) { return place < other->place(); });
  chain.transforms.insert(after, std::move(transform));
}

void WeightTransforms::Remove(absl::string_view name) {
  for (Chain& chain : chains_) {
    auto& transforms = chain.transforms;
    const auto end = std::remove_if(transforms.begin(), transforms.end(),
                                    [name](const auto& transform) { return transform->name() == name; });
    transforms.erase(end, transforms.end());
    const bool keeps = std::any_of(transforms.begin(), transforms.end(),
                                   [](const auto& transform) { return transform->keeps_trained_weights(); });
    if (!keeps) chain.trained = Tensor();
  }
}

WeightTransform* WeightTransforms::Find(int parameter, absl::string_view name) const {
  for (const auto& transform : chains_[parameter].transforms) {
    if (transform->name() == name) return transform.get();
  }
  return nullptr;
}

void WeightTransforms::TransformGradient(int parameter, float* gradients) const {
  const auto& transforms = chains_[parameter].transforms;
  for (auto it = transforms.rbegin(); it != transforms.rend(); ++it) {
    (*it)->TransformGradient(gradients + layout_[parameter].offset);
  }
}

void WeightTransforms::Project(float* weights) const {
  for (int i = 0; i < layout_.size(); ++i) {
    for (const auto& transform : chains_[i].transforms) {
      if (!transform->keeps_trained_weights()) transform->Project(weights + layout_[i].offset);
    }
  }
}

void WeightTransforms::ResetSlot(float* slot, float initial) const {
  for (int i = 0; i < layout_.size(); ++i) {
    for (const auto& transform : chains_[i].transforms) transform->ResetSlot(slot + layout_[i].offset, initial);
  }
}

void WeightTransforms::PutNetworkWeights(float* weights) {
  CHECK(!network_weights_in_place_) << "they would be kept as the trained ones";
  network_weights_in_place_ = true;
  for (int i = 0; i < layout_.size(); ++i) {
    Chain& chain = chains_[i];
    if (!chain.keeps_trained_weights()) continue;
    float* const values = weights + layout_[i].offset;
    std::copy_n(values, layout_[i].elements(), chain.trained.data<float>());
    for (const auto& transform : chain.transforms) transform->Project(values);
  }
}

void WeightTransforms::PutTrainedWeights(float* weights) {
  network_weights_in_place_ = false;
  for (int i = 0; i < layout_.size(); ++i) {
    const Chain& chain = chains_[i];
    if (!chain.keeps_trained_weights()) continue;
    std::copy_n(chain.trained.data<float>(), layout_[i].elements(), weights + layout_[i].offset);
  }
}

void WeightTransforms::CheckNetworkWeights(const float* weights) const {
  for (int i = 0; i < layout_.size(); ++i) {
    for (const auto& transform : chains_[i].transforms) {
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
    const std::string& parameter = layout_[i].name;
    for (const auto& transform : chains_[i].transforms) {
      for (const NamedTensor& part : transform->State()) {
        const std::string name =
            part.name.empty() ? std::string(transform->name()) : absl::StrCat(transform->name(), ".", part.name);
        state.push_back({absl::StrCat(name, "/", parameter), part.tensor});
      }
    }
    if (chains_[i].keeps_trained_weights()) state.push_back({absl::StrCat("trained/", parameter), chains_[i].trained});
  }
  return state;
}

}  // namespace espalier
