// The units of a network's activations.
#ifndef ESPALIER_HW_INTEGER_UNITS_H_
#define ESPALIER_HW_INTEGER_UNITS_H_

#include <vector>

#include "absl/types/span.h"
#include "hw/inference_network.h"
#include "hw/integer_format.h"
#include "hw/integer_network.h"
#include "hw/magnitude_histogram.h"

namespace espalier {

// One for each of network.Activations(), whose `histograms` are given. A max pool gives out its input's unit. What only
// a concatenation reads has the concatenation's unit, so that joining moves numbers and rounds none.
std::vector<IntegerActivation> ChooseActivations(const InferenceNetwork& network,
                                                 absl::Span<const MagnitudeHistogram> histograms,
                                                 const IntegerFormat& format);

}  // namespace espalier

#endif  // ESPALIER_HW_INTEGER_UNITS_H_
