// For tests of integer networks: small networks with random weights, and what they give in float.
#ifndef ESPALIER_HW_TESTING_H_
#define ESPALIER_HW_TESTING_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "compression/package/package.h"
#include "hw/inference_network.h"
#include "hw/integer_network.h"
#include "hw/magnitude_histogram.h"

namespace espalier {

struct RandomNetwork {
  int64_t batch = 0;
  InferenceNetwork network;
  std::vector<PackedTensor> tensors;
  std::vector<float> images;                    // [batch, ...], uniform in [-1, 1)
  std::vector<std::vector<float>> values;       // in float: those of network.Activations()
  std::vector<MagnitudeHistogram> activations;  // of `values`

  // The tensor of a parameter or state.
  std::vector<float> Tensor(ValueId value) const;
};

// `model` is a Model in text form, which must build. Weights are normal with the variance that keeps magnitudes, batch
// norms' scales of either sign.
RandomNetwork MakeRandomNetwork(absl::string_view model, int64_t batch);

// Computes `values` and `activations` anew, after a change of tensors.
void RunInFloat(RandomNetwork* random);

// What layer `index` gives for real inputs, in double precision, without rounding: [batch, ...].
std::vector<double> LayerInDouble(const RandomNetwork& random, size_t index,
                                  const std::vector<std::vector<double>>& inputs);

}  // namespace espalier

#endif  // ESPALIER_HW_TESTING_H_
