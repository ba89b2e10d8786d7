// Learning rate schedules: the rate of each step of a phase.
#ifndef ESPALIER_OPTIM_SCHEDULE_H_
#define ESPALIER_OPTIM_SCHEDULE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace espalier {

class LearningRate;  // the message of proto/optimizer.proto

// Steps in `epochs` (fractions allowed) of `steps_per_epoch`, to the nearest.
int64_t StepsIn(double epochs, int64_t steps_per_epoch);

class LearningRateSchedule {
 public:
  // For a phase of StepsIn(epochs, steps_per_epoch) steps. The numbers of `config` lie in the ranges that its schema
  // states. Fails, naming the field, when no schedule is chosen or fields contradict each other.
  static absl::StatusOr<std::unique_ptr<LearningRateSchedule>> Create(const LearningRate& config, double epochs,
                                                                      int64_t steps_per_epoch);
  virtual ~LearningRateSchedule() = default;

  // The rate of the phase's step `step`, from 0. During the W steps of warm-up it is (step + 1) / W of the schedule's
  // first rate; then the schedule's progress runs from 0, at step W, towards 1, at the phase's end. Epochs of a step
  // schedule count from the phase's beginning. A pure function of `step`, and for the plateau schedule of the losses.
  double Rate(int64_t step) const;

  // Every step's training loss, the same on all ranks. Only the plateau schedule listens.
  virtual void Observe(double loss);
  // What Observe() has left behind, as a line of text; empty for the pure schedules. After LoadState() the
  // schedule goes on as if it had observed the losses itself, to the last bit.
  virtual std::string SaveState() const;
  virtual absl::Status LoadState(absl::string_view state);

 protected:
  // The rate without warm-up at `progress` in [0, 1] and step `step` of the phase.
  virtual double RateAt(double progress, int64_t step) const = 0;

 private:
  int64_t total_steps_ = 1;
  int64_t warmup_steps_ = 0;
};

}  // namespace espalier

#endif  // ESPALIER_OPTIM_SCHEDULE_H_
