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
    if (!chains_[parameter].transforms.empty()) TransformGradient(parameter, gradients);
  }

  // After a change of the chains: trained weights and slots follow them, but for transforms that keep trained weights.
  // Arenas of the layout.
  void Project(float* weights) const;
  void ResetSlot(float* slot, float initial) const;
  // Puts the network's weights into the arena, and back the trained ones, which are kept meanwhile. They differ where a
  // chain has a transform that keeps trained weights; else nothing is done.
  void PutNetworkWeights(float* weights);
  void PutTrainedWeights(float* weights);
  // Stops the program if one of the network's weights is not what its chain says: then something else has written to
  // it.
  void CheckNetworkWeights(const float* weights) const;

  // The state of all, for checkpoints: "mask/conv1/weight"; and "trained/conv1/weight", the weights that
  // PutNetworkWeights has last kept.
  std::vector<NamedTensor> State() const;

 private:
  struct Chain {
    bool keeps_trained_weights() const { return trained.valid(); }

    std::vector<std::unique_ptr<WeightTransform>> transforms;
    Tensor trained;  // valid if a transform keeps trained weights
  };

  void TransformGradient(int parameter, float* gradients) const;

  const ParameterLayout& layout_;
  std::vector<Chain> chains_;  // by parameter
  bool network_weights_in_place_ = false;
};

// While it lives, the arena has the network's weights instead of the trained ones.
class NetworkWeightsInPlace {
 public:
  NetworkWeightsInPlace(WeightTransforms* transforms, float* weights) : transforms_(transforms), weights_(weights) {
    transforms_->PutNetworkWeights(weights_);
  }
  ~NetworkWeightsInPlace() { transforms_->PutTrainedWeights(weights_); }
  NetworkWeightsInPlace(const NetworkWeightsInPlace&) = delete;
  NetworkWeightsInPlace& operator=(const NetworkWeightsInPlace&) = delete;

 private:
  WeightTransforms* const transforms_;
  float* const weights_;
};

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_WEIGHT_TRANSFORMS_H_
