// The trainable parameters of a network and their places in the flat arenas. Weights, gradients and every optimizer
// slot live in f32 arenas with equal offsets: one range to reduce, one fused update, one write.
#ifndef ESPALIER_CORE_PARAMETERS_H_
#define ESPALIER_CORE_PARAMETERS_H_

#include <string>
#include <vector>

#include "core/shape.h"

namespace espalier {

// How a parameter's first values are drawn: each element is an independent function of (seed, parameter name,
// position).
struct InitialValue {
  enum class Kind { kConstant, kNormal, kUniform };
  Kind kind = Kind::kConstant;
  float a = 0;  // the constant; the mean; the lower bound
  float b = 0;  // unused; the standard deviation; the upper bound
};

// What a parameter is for: weight decay leaves biases and norm parameters alone unless asked.
enum class ParameterRole { kWeight, kBias, kNorm };

struct Parameter {
  std::string name;  // "conv1/weight"
  Shape shape;
  ParameterRole role = ParameterRole::kWeight;
  InitialValue initial;
  float learning_rate_multiplier = 1;
  float weight_decay_multiplier = 1;
  int64_t offset = 0;  // in elements, from the start of each arena; a multiple of kAlignment bytes

  int64_t elements() const { return shape.elements(); }
};

class ParameterLayout {
 public:
  // Appends and gives the parameter its offset. Returns its index.
  int Add(Parameter parameter);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  const Parameter& operator[](int index) const { return parameters_[index]; }
  int size() const { return static_cast<int>(parameters_.size()); }
  // Elements of an arena, the padding between parameters (always zero) included.
  int64_t arena_elements() const { return arena_elements_; }
  // Elements of all parameters, without padding.
  int64_t parameter_count() const;

 private:
  std::vector<Parameter> parameters_;
  int64_t arena_elements_ = 0;
};

// Writes every parameter's first values into `arena` (layout.arena_elements() floats).
void InitializeParameters(const ParameterLayout& layout, uint64_t seed, float* arena);

}  // namespace espalier

#endif  // ESPALIER_CORE_PARAMETERS_H_
