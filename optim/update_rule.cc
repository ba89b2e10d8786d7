#include "optim/update_rule.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "glog/logging.h"
#include "proto/optimizer.pb.h"

namespace espalier {
namespace {

absl::StatusOr<UpdateRule> Make(const Sgd& sgd) {
  UpdateRule rule;
  rule.weight_decay = sgd.weight_decay();
  rule.mean_decay = sgd.momentum();
  if (sgd.momentum() == 0) {
    if (!sgd.nesterov()) return rule;
    return absl::InvalidArgumentError("optimizer.sgd.nesterov: expected a momentum above 0 with it, found 0");
  }
  rule.kind = sgd.nesterov() ? UpdateKind::kNesterov : UpdateKind::kMomentum;
  rule.slots = {{"momentum"}};
  return rule;
}

// Adam and AdamW, whose messages have the same fields.
template <typename Message>
UpdateRule MakeAdam(const Message& adam) {
  UpdateRule rule;
  rule.kind = UpdateKind::kAdam;
  rule.slots = {{"mean"}, {"square"}};
  rule.weight_decay = adam.weight_decay();
  rule.mean_decay = adam.beta1();
  rule.square_decay = adam.beta2();
  rule.square_gain = 1 - rule.square_decay;
  rule.epsilon = adam.epsilon();
  return rule;
}

UpdateRule Make(const RmsProp& rmsprop) {
  UpdateRule rule;
  rule.kind = UpdateKind::kRms;
  rule.slots = {{"square"}};
  if (rmsprop.momentum() > 0) {
    rule.kind = UpdateKind::kRmsMomentum;
    rule.slots.push_back({"momentum"});
  }
  rule.weight_decay = rmsprop.weight_decay();
  rule.mean_decay = rmsprop.momentum();
  rule.square_decay = rmsprop.decay();
  rule.square_gain = 1 - rule.square_decay;
  rule.epsilon = rmsprop.epsilon();
  return rule;
}

UpdateRule Make(const Adagrad& adagrad) {
  UpdateRule rule;
  rule.kind = UpdateKind::kRms;
  rule.slots = {{"square", adagrad.initial_accumulator()}};
  rule.weight_decay = adagrad.weight_decay();
  rule.square_decay = 1;
  rule.square_gain = 1;
  rule.epsilon = adagrad.epsilon();
  return rule;
}

}  // namespace

absl::StatusOr<UpdateRule> UpdateRule::Create(const Optimizer& config) {
  switch (config.rule_case()) {
    case Optimizer::kSgd:
      return Make(config.sgd());
    case Optimizer::kAdam:
      return MakeAdam(config.adam());
    case Optimizer::kAdamw: {
      UpdateRule rule = MakeAdam(config.adamw());
      rule.decoupled_decay = true;
      return rule;
    }
    case Optimizer::kRmsprop:
      return Make(config.rmsprop());
    case Optimizer::kAdagrad:
      return Make(config.adagrad());
    case Optimizer::RULE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("optimizer: expected a rule (sgd, adam, adamw, rmsprop or adagrad), found none");
}

UpdateConstants UpdateRule::ConstantsAt(const StepInputs& inputs, float rate_multiplier, float decay_multiplier) const {
  CHECK_GE(inputs.step, 1);
  const double learning_rate = inputs.learning_rate * rate_multiplier;
  const double decay = weight_decay * decay_multiplier;
  UpdateConstants constants;
  constants.gradient_scale = inputs.gradient_scale;
  constants.weight_decay = decoupled_decay ? 0 : decay;
  constants.decoupled_decay = decoupled_decay ? learning_rate * decay : 0;
  constants.learning_rate = learning_rate;
  constants.mean_decay = mean_decay;
  constants.square_decay = square_decay;
  constants.square_gain = square_gain;
  // A denormal would count as zero, and a weight that has had no gradient would become 0 / 0.
  constants.epsilon = std::max(epsilon, double{std::numeric_limits<float>::min()});
  if (kind == UpdateKind::kAdam) {
    // Both averages start from zero: dividing by 1 - beta^step makes them averages of the gradients seen.
    constants.mean_gain = 1 - mean_decay;
    constants.learning_rate = learning_rate / (1 - std::pow(mean_decay, inputs.step));
    constants.root_scale = 1 / std::sqrt(1 - std::pow(square_decay, inputs.step));
  }
  return constants;
}

}  // namespace espalier
