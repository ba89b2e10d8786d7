// The weight transforms of all parameters of one network: a chain for each, empty for most. With many ranks each has
// the same chains, for they follow from the job and from weights that all ranks have.
#ifndef ESPALIER_COMPRESSION_WEIGHT_TRANSFORMS_H_
#define ESPALIER_COMPRESSION_WEIGHT_TRANSFORMS_H_

#include <memory>
#include <vector>

#include "compression/weight_transform.h"
#include "core/parameters.h"

namespace espalier {

class WeightTransforms {
 public:
  // Empty chains. `layout` must outlive this.
  explicit WeightTransforms(const ParameterLayout& layout) : layout_(layout), chains_(layout.size()) {}

  // Puts the transform at its place in the parameter's chain, after others of the same place.
  void Add(int parameter, std::unique_ptr<WeightTransform> transform);
  // From every chain that has it.
  void Remove(absl::string_view name);
  // Null if the chain has none of that name.
  WeightTransform* Find(int parameter, absl::string_view name) const;

  // As soon as a parameter's gradient is final in the arena, before it travels, is summed up with others or measured.
  void OnGradient(int parameter, float* gradients) const {
    if (!chains_[parameter].empty()) TransformGradient(parameter, gradients);
  }

  // After a change of the chains: weights and slots follow them. Arenas of the layout.
  void Project(float* weights) const;
  void ResetSlot(float* slot, float initial) const;
  // Stops the program if a weight is not what its chain says: then something else has written to it.
  void CheckWeights(const float* weights) const;

  // The state of all, for checkpoints: "mask/conv1/weight".
  std::vector<NamedTensor> State() const;

 private:
  void TransformGradient(int parameter, float* gradients) const;

  const ParameterLayout& layout_;
  std::vector<std::vector<std::unique_ptr<WeightTransform>>> chains_;  // by parameter
};

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_WEIGHT_TRANSFORMS_H_
