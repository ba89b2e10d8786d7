#include "layers/initializer.h"

#include <cmath>

namespace espalier {
namespace {

using Kind = InitialValue::Kind;

InitialValue ScaledVariance(const VarianceScaling& scaling, Fan fan) {
  const double size = scaling.fan() == VarianceScaling::FAN_IN    ? static_cast<double>(fan.in)
                      : scaling.fan() == VarianceScaling::FAN_OUT ? static_cast<double>(fan.out)
                                                                  : (fan.in + fan.out) / 2.0;
  const double variance = scaling.gain() / size;
  if (!scaling.uniform()) return {Kind::kNormal, 0, static_cast<float>(std::sqrt(variance))};
  const float limit = static_cast<float>(std::sqrt(3 * variance));
  return {Kind::kUniform, -limit, limit};
}

}  // namespace

InitialValue WeightInit(const Initializer& initializer, Fan fan) {
  switch (initializer.kind_case()) {
    case Initializer::kConstant:
      return {Kind::kConstant, initializer.constant()};
    case Initializer::kNormal:
      return {Kind::kNormal, initializer.normal().mean(), initializer.normal().stddev()};
    case Initializer::kUniform:
      return {Kind::kUniform, initializer.uniform().low(), initializer.uniform().high()};
    case Initializer::kVarianceScaling:
    case Initializer::KIND_NOT_SET:
      break;
  }
  return ScaledVariance(initializer.variance_scaling(), fan);
}

InitialValue BiasInit(const Initializer& initializer, Fan fan) {
  return initializer.kind_case() == Initializer::KIND_NOT_SET ? InitialValue{} : WeightInit(initializer, fan);
}

}  // namespace espalier
