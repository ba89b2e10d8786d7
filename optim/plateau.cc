#include "optim/plateau.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/status.h"
#include "glog/logging.h"

namespace espalier {

double ProbabilityOfDecrease(absl::Span<const double> values) {
  CHECK_GE(values.size(), 3u);
  const double n = values.size();
  double mean = 0;
  for (double value : values) mean += value;
  mean /= n;
  // Positions 0 to n - 1, centred, have the sum of squares n (n^2 - 1) / 12.
  const double position_squares = n * (n * n - 1) / 12;
  const double centre = (n - 1) / 2;
  double products = 0;
  for (size_t i = 0; i < values.size(); ++i) products += (i - centre) * (values[i] - mean);
  const double slope = products / position_squares;
  double residual_squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double residual = values[i] - mean - slope * (i - centre);
    residual_squares += residual * residual;
  }
  const double standard_error = std::sqrt(residual_squares / (n - 2) / position_squares);
  if (standard_error == 0) return slope < 0 ? 1 : 0;
  return std::erfc(slope / standard_error / std::sqrt(2.0)) / 2;
}

Plateau::Plateau(const PlateauSchedule& config) : config_(config) { losses_.reserve(config.window_steps()); }

double Plateau::RateAt(double, int64_t) const {
  return std::max<double>(config_.minimum(), config_.base() * std::pow(static_cast<double>(config_.factor()), drops_));
}

void Plateau::Observe(double loss) {
  if (!std::isfinite(loss)) return;
  const size_t window = config_.window_steps();
  if (losses_.size() == window) losses_.erase(losses_.begin());
  losses_.push_back(loss);
  if (losses_.size() < window || ProbabilityOfDecrease(losses_) >= config_.confidence()) return;
  ++drops_;
  losses_.clear();
}

std::string Plateau::SaveState() const {
  const auto digits = [](std::string* out, double loss) { absl::StrAppendFormat(out, "%.17g", loss); };
  return absl::StrCat("drops=", drops_, " losses=", absl::StrJoin(losses_, ",", digits));
}

absl::Status Plateau::LoadState(absl::string_view state) {
  const auto error = [&] {
    return absl::InvalidArgumentError(
        absl::StrCat("learning_rate.plateau: expected a state \"drops=N losses=X,Y,...\" of at most ",
                     config_.window_steps(), " finite losses, found \"", state.substr(0, 80), "\""));
  };
  absl::string_view rest = state;
  if (!absl::ConsumePrefix(&rest, "drops=")) return error();
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(rest, absl::MaxSplits(" losses=", 1));
  int64_t drops;
  if (!absl::SimpleAtoi(parts.first, &drops) || drops < 0) return error();
  std::vector<double> losses;
  losses.reserve(config_.window_steps());
  for (absl::string_view digits : absl::StrSplit(parts.second, ',', absl::SkipEmpty())) {
    double loss;
    if (losses.size() == losses.capacity() || !absl::SimpleAtod(digits, &loss) || !std::isfinite(loss)) return error();
    losses.push_back(loss);
  }
  drops_ = drops;
  losses_ = std::move(losses);
  return absl::OkStatus();
}

}  // namespace espalier
