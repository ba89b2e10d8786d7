#include "optim/update_rule.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "proto/optimizer.pb.h"

namespace espalier {
namespace {

constexpr double kLargest = std::numeric_limits<float>::max();

// Expects low <= value <= high, or low < value when `open_low`, or value < high when `open_high`.
absl::Status CheckNumber(absl::string_view field, double value, double low, double high, bool open_low = false,
                         bool open_high = false) {
  const bool above = open_low ? value > low : value >= low;
  const bool below = open_high ? value < high : value <= high;
  if (above && below) return absl::OkStatus();
  const std::string upper = high == kLargest ? "a finite number" : absl::StrCat(high);
  return absl::InvalidArgumentError(absl::StrCat("optimizer.", field, ": expected ", low,
                                                 open_low ? " < " : " <= ", field.substr(field.rfind('.') + 1),
                                                 open_high ? " < " : " <= ", upper, ", found ", value));
}

absl::Status CheckDecay(absl::string_view field, double value) {
  return CheckNumber(field, value, 0, 1, /*open_low=*/false, /*open_high=*/true);
}
absl::Status CheckNotNegative(absl::string_view field, double value) { return CheckNumber(field, value, 0, kLargest); }
absl::Status CheckPositive(absl::string_view field, double value) {
  return CheckNumber(field, value, 0, kLargest, /*open_low=*/true);
}

absl::StatusOr<UpdateRule> Make(const Sgd& sgd) {
  RETURN_IF_ERROR(CheckDecay("sgd.momentum", sgd.momentum()));
  RETURN_IF_ERROR(CheckNotNegative("sgd.weight_decay", sgd.weight_decay()));
  UpdateRule rule;
  rule.weight_decay = sgd.weight_decay();
  rule.mean_decay = sgd.momentum();
  if (sgd.momentum() == 0) {
    if (sgd.nesterov()) return absl::InvalidArgumentError("optimizer.sgd.nesterov: needs momentum > 0, found 0");
    return rule;
  }
  rule.kind = sgd.nesterov() ? UpdateKind::kNesterov : UpdateKind::kMomentum;
  rule.slots = {{"momentum"}};
  return rule;
}

// Adam and AdamW, whose messages have the same fields; `name` is the rule's field.
template <typename Message>
absl::StatusOr<UpdateRule> MakeAdam(absl::string_view name, const Message& adam) {
  RETURN_IF_ERROR(CheckDecay(absl::StrCat(name, ".beta1"), adam.beta1()));
  RETURN_IF_ERROR(CheckDecay(absl::StrCat(name, ".beta2"), adam.beta2()));
  RETURN_IF_ERROR(CheckPositive(absl::StrCat(name, ".epsilon"), adam.epsilon()));
  RETURN_IF_ERROR(CheckNotNegative(absl::StrCat(name, ".weight_decay"), adam.weight_decay()));
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

absl::StatusOr<UpdateRule> Make(const RmsProp& rmsprop) {
  RETURN_IF_ERROR(CheckDecay("rmsprop.decay", rmsprop.decay()));
  RETURN_IF_ERROR(CheckPositive("rmsprop.epsilon", rmsprop.epsilon()));
  RETURN_IF_ERROR(CheckDecay("rmsprop.momentum", rmsprop.momentum()));
  RETURN_IF_ERROR(CheckNotNegative("rmsprop.weight_decay", rmsprop.weight_decay()));
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

absl::StatusOr<UpdateRule> Make(const Adagrad& adagrad) {
  RETURN_IF_ERROR(CheckPositive("adagrad.epsilon", adagrad.epsilon()));
  RETURN_IF_ERROR(CheckNotNegative("adagrad.initial_accumulator", adagrad.initial_accumulator()));
  RETURN_IF_ERROR(CheckNotNegative("adagrad.weight_decay", adagrad.weight_decay()));
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
  RETURN_IF_ERROR(CheckNotNegative("clip_norm", config.clip_norm()));
  switch (config.rule_case()) {
    case Optimizer::kSgd:
      return Make(config.sgd());
    case Optimizer::kAdam:
      return MakeAdam("adam", config.adam());
    case Optimizer::kAdamw: {
      ASSIGN_OR_RETURN(UpdateRule rule, MakeAdam("adamw", config.adamw()));
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
  constants.epsilon = epsilon;
  if (kind == UpdateKind::kAdam) {
    // Both averages start from zero: dividing by 1 - beta^step makes them averages of the gradients seen.
    constants.mean_gain = 1 - mean_decay;
    constants.learning_rate = learning_rate / (1 - std::pow(mean_decay, inputs.step));
    constants.root_scale = 1 / std::sqrt(1 - std::pow(square_decay, inputs.step));
  }
  return constants;
}

}  // namespace espalier
