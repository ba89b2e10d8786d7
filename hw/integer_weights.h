// A layer's weights as integers, each row (output channel) with what brings its sums to real numbers.
#ifndef ESPALIER_HW_INTEGER_WEIGHTS_H_
#define ESPALIER_HW_INTEGER_WEIGHTS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "compression/package/package.h"
#include "hw/integer_format.h"

namespace espalier {

struct IntegerWeights {
  std::vector<int16_t> values;  // [rows, columns]
  std::vector<double> units;    // one for each row, positive
  std::vector<bool> constant;   // by row: all its weights are zero
};

// Weights that share values keep sharing them: the codebook is rounded, in one unit. Weights that are integers already
// stay as they are, if the format has room for them; those of a negative scale become their negatives (clamped), those
// of the scale 0 zeros. All others are rounded in the format's units.
//
// `least_units` has for each row the unit below which its bias would not fit the accumulators. A row that may have a
// unit of its own takes at least that. Another row whose unit is smaller becomes zero: its weights are too small to
// change the output beside its bias (a channel that batch norm has all but switched off).
IntegerWeights ToIntegerWeights(const PackedTensor& tensor, const IntegerFormat& format,
                                absl::Span<const double> least_units);

}  // namespace espalier

#endif  // ESPALIER_HW_INTEGER_WEIGHTS_H_
