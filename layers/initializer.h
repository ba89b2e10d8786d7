// Initial values of weights and biases, from the schema's Initializer.
#ifndef ESPALIER_LAYERS_INITIALIZER_H_
#define ESPALIER_LAYERS_INITIALIZER_H_

#include "core/parameters.h"
#include "proto/layers/init.pb.h"

namespace espalier {

// How many values feed one output of the layer, and how many outputs one input feeds.
struct Fan {
  int64_t in = 1;
  int64_t out = 1;
};

// For weights: by default normal with variance 2 / fan in (He et al. 2015), which keeps the variance of activations
// through ReLUs. A uniform draw of the same variance v spans +-sqrt(3 v).
InitialValue WeightInit(const Initializer& initializer, Fan fan);

// For biases: zero by default.
InitialValue BiasInit(const Initializer& initializer, Fan fan);

}  // namespace espalier

#endif  // ESPALIER_LAYERS_INITIALIZER_H_
