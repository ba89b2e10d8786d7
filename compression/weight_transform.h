// What stands between a trained weight and the one that the network sees: a rule about one parameter, as a mask is. It
// acts on the parameter arenas, not on the graph: neither layers nor operators nor kernels know of it.
//
// The network's graph reads the parameter after Project, and its gradient passes through TransformGradient before it
// travels, is measured or updates anything. Where the trained weights themselves follow the rule, as they do with
// masks, both are the same numbers; else a transform keeps_trained_weights.
#ifndef ESPALIER_COMPRESSION_WEIGHT_TRANSFORM_H_
#define ESPALIER_COMPRESSION_WEIGHT_TRANSFORM_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/files/safetensors.h"

namespace espalier {

// The order within a parameter's chain, from the trained weight to the network's.
enum class TransformPlace {
  kValues,  // says which values weights may have
  kMask,    // last, so that a zero stays a zero through everything else
};

class WeightTransform {
 public:
  virtual ~WeightTransform() = default;

  // "mask": of one name, a chain has at most one. Checkpoints call the tensors of State() after it.
  virtual absl::string_view name() const = 0;
  virtual TransformPlace place() const { return TransformPlace::kValues; }
  // Whether the optimizer trains other numbers than the network computes with, as with rounding: Project then makes the
  // network's weights anew before each use, and the trained ones come back after it.
  virtual bool keeps_trained_weights() const { return false; }

  // From the gradient by the network's weights that by the trained ones, in place. Called within a step, for each shard
  // by itself, also by several threads at the same time: after the first steps it allocates nothing.
  virtual void TransformGradient(float* gradient) const = 0;
  // Makes the weights what the rule says. Twice is as good as once.
  virtual void Project(float* weights) const = 0;
  // The position of a weight that is not what Project leaves; -1 if all are.
  virtual int64_t FindViolation(const float* weights) const = 0;
  // Gives what an optimizer remembers of weights that this rule takes out of training its first value.
  virtual void ResetSlot(float* /*slot*/, float /*initial*/) const {}

  // What a checkpoint must keep: tensors on this object's own memory, so that reading into them restores it. Shapes
  // follow from how the object was made.
  virtual std::vector<NamedTensor> State() const = 0;
};

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_WEIGHT_TRANSFORM_H_
