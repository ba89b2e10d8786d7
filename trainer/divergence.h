// Finds what stopped being finite, and where it began.
#ifndef ESPALIER_TRAINER_DIVERGENCE_H_
#define ESPALIER_TRAINER_DIVERGENCE_H_

#include <string>

#include "core/executor.h"
#include "trainer/network.h"

namespace espalier {

// What LocateNonFinite says when it finds nothing.
inline constexpr char kNotLocated[] = "it did not appear again when the step was repeated";

// Whether all weights and states (running statistics) are finite.
bool ParametersFinite(const ParameterStore& store);

// Where the first value that is not finite appeared, for a step whose inputs are still bound: a weight that the update
// before spoiled, or a layer's output. For people: "layer \"conv2\" (convolution, forward)".
std::string LocateNonFinite(Network& network, const StepContext& context);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_DIVERGENCE_H_
