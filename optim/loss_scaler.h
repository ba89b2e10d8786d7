// Dynamic loss scaling (Micikevicius et al., "Mixed precision training", ICLR 2018): the loss is multiplied by a scale
// so that small gradients survive half precision, and the gradients are divided by it in the update. When a gradient
// overflows, the step is skipped and the scale halved; after enough good steps in a row it is doubled.
#ifndef ESPALIER_OPTIM_LOSS_SCALER_H_
#define ESPALIER_OPTIM_LOSS_SCALER_H_

#include <cstdint>

#include "absl/status/statusor.h"

namespace espalier {

class LossScale;  // the message of proto/job.proto

class LossScaler {
 public:
  // As in the schema, the scale never falls below 1: gradients that overflow without a scale are not a matter of
  // scaling.
  static constexpr float kMinimum = 1;

  // All that changes from step to step, for checkpoints.
  struct State {
    float scale = 1;
    int64_t good_steps = 0;  // since the last change of the scale
  };

  // The numbers of `config` lie in the ranges that its schema states. Fails when they contradict each other.
  static absl::StatusOr<LossScaler> Create(const LossScale& config);

  // What to multiply the next step's loss by.
  float scale() const { return state_.scale; }
  // Takes note of whether this step's gradients were all finite and sets the scale of the next. Returns whether the
  // step is to be applied; if not, it is as if it had not been.
  bool Update(bool gradients_finite);
  // The last Update() found gradients that overflow at the smallest scale: the training has diverged.
  bool diverged() const { return diverged_; }

  const State& state() const { return state_; }
  // Continues from `state`. Fails when it cannot be one of this scaler's.
  absl::Status Restore(const State& state);

 private:
  LossScaler() = default;

  State state_;
  int64_t growth_interval_ = 0;
  float maximum_ = 0;
  bool diverged_ = false;
};

}  // namespace espalier

#endif  // ESPALIER_OPTIM_LOSS_SCALER_H_
