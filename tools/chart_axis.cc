#include "tools/chart_axis.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "core/human_readable.h"
#include "glog/logging.h"

namespace espalier {
namespace {

// What rounding errors may add to a number of ticks' steps.
constexpr double kSlack = 1e-6;

// The least of 1, 2, 5, 10 times a power of ten that is not below `step`.
double RoundStep(double step) {
  const double power = std::pow(10, std::floor(std::log10(step)));
  for (const double factor : {1, 2, 5}) {
    if (factor * power >= step * (1 - kSlack)) return factor * power;
  }
  return 10 * power;
}

// The label of a tick, with the decimals that the distance between ticks asks for.
std::string TickLabel(double value, double step, bool percent) {
  const double shown = percent ? 100 * value : value;
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(percent ? 100 * step : step) + kSlack)));
  if (decimals > 6 || std::fabs(shown) >= 1e7) return absl::StrFormat("%.3g", shown);
  // Adding zero turns -0 into 0.
  return absl::StrFormat(percent ? "%.*f%%" : "%.*f", decimals, shown + 0.0);
}

}  // namespace

double ChartAxis::Position(double value) const {
  if (log) return std::log(value / low) / std::log(high / low);
  return (value - low) / (high - low);
}

std::string ChartAxis::Label(double value) const {
  return percent ? FormatPercent(value) : absl::StrFormat("%.4g", value);
}

ChartAxis LinearAxis(double low, double high, int ticks, bool extend, bool percent) {
  CHECK(std::isfinite(low) && std::isfinite(high) && low <= high) << low << " " << high;
  if (high - low <= 1e-9 * std::max(std::fabs(low), std::fabs(high))) {
    const double reach = low == 0 ? 1 : 0.1 * std::fabs(low);
    low -= reach;
    high += reach;
  }
  const double step = RoundStep((high - low) / std::max(1, ticks - 1));
  ChartAxis axis;
  axis.percent = percent;
  const auto first = extend ? std::floor(low / step + kSlack) : std::ceil(low / step - kSlack);
  const auto last = extend ? std::ceil(high / step - kSlack) : std::floor(high / step + kSlack);
  axis.low = extend ? first * step : low;
  axis.high = extend ? last * step : high;
  for (double multiple = first; multiple <= last; ++multiple) {
    axis.ticks.push_back({multiple * step, TickLabel(multiple * step, step, percent)});
  }
  return axis;
}

ChartAxis BinaryLogAxis(double low, double high, int ticks) {
  CHECK(low > 0 && std::isfinite(high) && low <= high) << low << " " << high;
  ChartAxis axis;
  axis.log = true;
  axis.low = low < high ? low : low / 2;
  axis.high = low < high ? high : high * 2;
  const int first = static_cast<int>(std::ceil(std::log2(axis.low) - kSlack));
  const int last = static_cast<int>(std::floor(std::log2(axis.high) + kSlack));
  const int stride = std::max(1, (last - first + ticks - 1) / std::max(1, ticks));
  for (int exponent = first; exponent <= last; exponent += stride) {
    const double value = std::exp2(exponent);
    axis.ticks.push_back({value, absl::StrFormat("%.7g", value)});
  }
  return axis;
}

ChartAxis LogAxis(double low, double high, int ticks) {
  CHECK(low > 0 && std::isfinite(high) && low <= high) << low << " " << high;
  ChartAxis axis;
  axis.log = true;
  const int first = static_cast<int>(std::floor(std::log10(low))), last = static_cast<int>(std::ceil(std::log10(high)));
  const int gaps = std::max(1, ticks - 1);
  const int stride = std::max(1, (last - first + gaps - 1) / gaps);
  std::vector<double> values;
  for (int exponent = first; exponent <= last + stride; exponent += stride) {
    const bool fine = 3 * std::log10(high / low) < ticks;
    for (const double factor : {1, 2, 5}) {
      if (factor == 1 || fine) values.push_back(factor * std::pow(10, exponent));
    }
  }
  // From the last tick that is not above `low` to the first that is not below `high`.
  auto begin = std::upper_bound(values.begin(), values.end(), low * (1 + kSlack)) - 1;
  auto end = std::lower_bound(values.begin(), values.end(), high * (1 - kSlack)) + 1;
  if (end - begin < 2) ++end;
  axis.low = *begin;
  axis.high = *(end - 1);
  for (auto value = begin; value != end; ++value) axis.ticks.push_back({*value, absl::StrFormat("%.2g", *value)});
  return axis;
}

}  // namespace espalier
