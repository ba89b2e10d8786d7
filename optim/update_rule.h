// An update rule with its hyperparameters, as the numbers that the update kernels take.
#ifndef ESPALIER_OPTIM_UPDATE_RULE_H_
#define ESPALIER_OPTIM_UPDATE_RULE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "optim/update.h"

namespace espalier {

class Optimizer;  // the message of proto/optimizer.proto

struct StepInputs {
  double learning_rate = 0;
  float gradient_scale = 1;  // multiplies every gradient
  int64_t step = 1;          // number of this update since the slots were new, from 1 (Adam's bias correction)
};

struct UpdateRule {
  struct Slot {
    std::string name;   // "momentum", "mean", "square"
    float initial = 0;  // of every element
  };

  // The numbers of `config` lie in the ranges that its schema states. Fails, naming the field, when no rule is chosen
  // or fields contradict each other.
  static absl::StatusOr<UpdateRule> Create(const Optimizer& config);

  // The kernel's numbers for a step, for parameters with these multipliers.
  UpdateConstants ConstantsAt(const StepInputs& inputs, float rate_multiplier, float decay_multiplier) const;

  UpdateKind kind = UpdateKind::kSgd;
  std::vector<Slot> slots;  // in the order of UpdateRange::slots
  double weight_decay = 0;
  bool decoupled_decay = false;  // decay apart from the gradient (AdamW)
  // As in update.h; f64, so that 1 - decay and the bias corrections lose nothing.
  double mean_decay = 0;
  double square_decay = 0;
  double square_gain = 0;
  double epsilon = 0;
};

}  // namespace espalier

#endif  // ESPALIER_OPTIM_UPDATE_RULE_H_
