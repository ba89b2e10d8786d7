#include "optim/loss_scaler.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proto/job.pb.h"

namespace espalier {
absl::StatusOr<LossScaler> LossScaler::Create(const LossScale& config) {
  if (config.initial() > config.maximum()) {
    return absl::InvalidArgumentError(absl::StrCat("precision.loss_scale.initial: expected at most the maximum, ",
                                                   config.maximum(), ", found ", config.initial()));
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
  if (!(state.scale >= kMinimum && state.scale <= maximum_)) {
    return absl::InvalidArgumentError(
        absl::StrCat("saved loss scale: expected ", kMinimum, " to ", maximum_, ", found ", state.scale));
  }
  if (state.good_steps < 0 || state.good_steps >= growth_interval_) {
    return absl::InvalidArgumentError(absl::StrCat("saved good steps of the loss scale: expected 0 to ",
                                                   growth_interval_ - 1, ", found ", state.good_steps));
  }
  state_ = state;
  diverged_ = false;
  return absl::OkStatus();
}

}  // namespace espalier
