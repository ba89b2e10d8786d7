#include "core/parameters.h"

#include <algorithm>

#include "core/random.h"
#include "core/tensor.h"

namespace espalier {

int ParameterLayout::Add(Parameter parameter) {
  constexpr int64_t kGranule = kAlignment / sizeof(float);
  parameter.offset = arena_elements_;
  arena_elements_ += (parameter.elements() + kGranule - 1) / kGranule * kGranule;
  parameters_.push_back(std::move(parameter));
  return size() - 1;
}

int64_t ParameterLayout::parameter_count() const {
  int64_t count = 0;
  for (const Parameter& parameter : parameters_) count += parameter.elements();
  return count;
}

namespace {

float Draw(const InitialValue& initial, Random* random) {
  switch (initial.kind) {
    case InitialValue::Kind::kConstant:
      return initial.a;
    case InitialValue::Kind::kNormal:
      return initial.a + initial.b * random->Normal();
    case InitialValue::Kind::kUniform:
      return random->Uniform(initial.a, initial.b);
  }
  return 0;
}

}  // namespace

void InitializeParameters(const ParameterLayout& layout, uint64_t seed, float* arena) {
  // Blocks have their own streams, so that large parameters are filled by all threads and always alike.
  constexpr int64_t kBlock = 4096;
  std::fill(arena, arena + layout.arena_elements(), 0.0f);
  for (const Parameter& parameter : layout.parameters()) {
    float* values = arena + parameter.offset;
    const int64_t blocks = (parameter.elements() + kBlock - 1) / kBlock;
#pragma omp parallel for
    for (int64_t block = 0; block < blocks; ++block) {
      Random random(seed, "init/" + parameter.name, 0, block);
      const int64_t end = std::min(parameter.elements(), (block + 1) * kBlock);
      for (int64_t i = block * kBlock; i < end; ++i) values[i] = Draw(parameter.initial, &random);
    }
  }
}

}  // namespace espalier
