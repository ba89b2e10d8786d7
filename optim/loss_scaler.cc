#include "optim/loss_scaler.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "proto/job.pb.h"

namespace espalier {
namespace {

absl::Status CheckScale(absl::string_view field, float value, float low, float high) {
  if (value >= low && value <= high && std::isfinite(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("precision.loss_scale.", field, ": expected ", low, " to ", high, ", finite, found ", value));
}

}  // namespace

absl::StatusOr<LossScaler> LossScaler::Create(const LossScale& config) {
  RETURN_IF_ERROR(CheckScale("maximum", config.maximum(), kMinimum, std::numeric_limits<float>::max()));
  RETURN_IF_ERROR(CheckScale("initial", config.initial(), kMinimum, config.maximum()));
  if (config.growth_interval() < 1) {
    return absl::InvalidArgumentError(absl::StrCat(
        "precision.loss_scale.growth_interval: expected at least 1 step, found ", config.growth_interval()));
  }
  LossScaler scaler;
  scaler.state_.scale = config.initial();
  scaler.growth_interval_ = config.growth_interval();
  scaler.maximum_ = config.maximum();
  return scaler;
}

bool LossScaler::Update(bool gradients_finite) {
  diverged_ = !gradients_finite && state_.scale == kMinimum;
  if (!gradients_finite) {
    state_ = {std::max(state_.scale / 2, kMinimum), 0};
  } else if (++state_.good_steps == growth_interval_) {
    state_ = {std::min(state_.scale * 2, maximum_), 0};
  }
  return gradients_finite;
}

absl::Status LossScaler::Restore(const State& state) {
  RETURN_IF_ERROR(CheckScale("saved scale", state.scale, kMinimum, maximum_));
  if (state.good_steps < 0 || state.good_steps >= growth_interval_) {
    return absl::InvalidArgumentError(absl::StrCat("precision.loss_scale.saved good_steps: expected 0 to ",
                                                   growth_interval_ - 1, ", found ", state.good_steps));
  }
  state_ = state;
  diverged_ = false;
  return absl::OkStatus();
}

}  // namespace espalier
