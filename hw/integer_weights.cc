#include "hw/integer_weights.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "glog/logging.h"

namespace espalier {
namespace {

// The unit for `values`, at least `least`.
double UnitFor(absl::Span<const float> values, const IntegerFormat& format, double least) {
  MagnitudeHistogram histogram;
  histogram.Add(values);
  const double unit = ChooseUnit(histogram, WeightLimits(format.bits).maximum, format.weights, format.power_of_two);
  if (unit >= least) return unit;
  return format.power_of_two ? std::exp2(std::ceil(std::log2(least))) : least;
}

class WeightMaker {
 public:
  WeightMaker(const PackedTensor& tensor, const IntegerFormat& format, absl::Span<const double> least_units)
      : tensor_(tensor), format_(format), least_units_(least_units) {
    weights_.values.resize(tensor.shape.elements());
    columns_ = tensor.shape.elements() / rows();
  }

  IntegerWeights Make() {
    if (const auto* shared = std::get_if<SharedValues>(&tensor_.values)) {
      FromShared(*shared);
    } else if (const auto* integers = std::get_if<IntegerValues>(&tensor_.values);
               integers != nullptr && integers->bits <= format_.bits) {
      FromIntegers(*integers);
    } else {
      FromFloats();
    }
    SwitchOffSmallRows();
    return std::move(weights_);
  }

 private:
  int64_t rows() const { return static_cast<int64_t>(least_units_.size()); }

  void FromShared(const SharedValues& shared) {
    CHECK_EQ(static_cast<int64_t>(shared.codes.size()), tensor_.shape.elements()) << tensor_.name;
    const double unit = UnitFor(shared.codebook, format_, 0);
    std::vector<int16_t> codebook;
    for (float value : shared.codebook) codebook.push_back(ToInteger(value, unit, WeightLimits(format_.bits)));
    weights_.units.assign(rows(), unit);
    for (size_t i = 0; i < shared.codes.size(); ++i) weights_.values[i] = codebook[shared.codes[i]];
  }

  // A scale is any finite number, a unit is positive.
  void FromIntegers(const IntegerValues& integers) {
    weights_.values = integers.values;
    for (int64_t r = 0; r < rows(); ++r) {
      const double scale = integers.scales.size() > 1 ? integers.scales[r] : integers.scales[0];
      const auto row = weights_.values.begin() + r * columns_;
      if (scale == 0) std::fill_n(row, columns_, int16_t{0});
      if (scale < 0) std::transform(row, row + columns_, row, [this](int16_t value) { return Negated(value); });
      weights_.units.push_back(scale == 0 ? 1 : std::fabs(scale));
    }
  }

  // The least number has no negative in its bits.
  int16_t Negated(int16_t value) const {
    return static_cast<int16_t>(std::min(-int32_t{value}, WeightLimits(format_.bits).maximum));
  }

  void FromFloats() {
    std::vector<float> values(tensor_.shape.elements());
    EffectiveValues(tensor_, values.data());
    const double shared_unit = format_.per_channel ? 0 : UnitFor(values, format_, 0);
    for (int64_t r = 0; r < rows(); ++r) {
      const absl::Span<const float> row = absl::MakeConstSpan(values).subspan(r * columns_, columns_);
      const double unit = format_.per_channel ? UnitFor(row, format_, least_units_[r]) : shared_unit;
      weights_.units.push_back(unit);
      std::transform(row.begin(), row.end(), weights_.values.begin() + r * columns_,
                     [&](float value) { return ToInteger(value, unit, WeightLimits(format_.bits)); });
    }
  }

  void SwitchOffSmallRows() {
    for (int64_t r = 0; r < rows(); ++r) {
      const auto row = weights_.values.begin() + r * columns_;
      if (weights_.units[r] < least_units_[r]) std::fill_n(row, columns_, int16_t{0});
      weights_.constant.push_back(std::all_of(row, row + columns_, [](int16_t value) { return value == 0; }));
    }
  }

  const PackedTensor& tensor_;
  const IntegerFormat& format_;
  absl::Span<const double> least_units_;
  int64_t columns_ = 0;
  IntegerWeights weights_;
};

}  // namespace

IntegerWeights ToIntegerWeights(const PackedTensor& tensor, const IntegerFormat& format,
                                absl::Span<const double> least_units) {
  return WeightMaker(tensor, format, least_units).Make();
}

}  // namespace espalier
