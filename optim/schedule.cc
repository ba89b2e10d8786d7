#include "optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "glog/logging.h"
#include "optim/plateau.h"
#include "proto/optimizer.pb.h"

namespace espalier {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kLargest = std::numeric_limits<float>::max();

// From `from` to `to` along half a cosine wave, as `progress` runs from 0 to 1.
double CosineBetween(double from, double to, double progress) {
  return to + (from - to) * (1 + std::cos(kPi * progress)) / 2;
}

class Constant : public LearningRateSchedule {
 public:
  explicit Constant(double rate) : rate_(rate) {}
  double RateAt(double, int64_t) const override { return rate_; }

 private:
  const double rate_;
};

class Step : public LearningRateSchedule {
 public:
  Step(const StepSchedule& config, int64_t steps_per_epoch) : base_(config.base()), factor_(config.factor()) {
    for (float epochs : config.at_epochs()) at_steps_.push_back(StepsIn(epochs, steps_per_epoch));
  }
  double RateAt(double, int64_t step) const override {
    const auto passed =
        std::count_if(at_steps_.begin(), at_steps_.end(), [&](int64_t at_step) { return step >= at_step; });
    return base_ * std::pow(factor_, passed);
  }

 private:
  const double base_;
  const double factor_;
  std::vector<int64_t> at_steps_;
};

class Polynomial : public LearningRateSchedule {
 public:
  explicit Polynomial(const PolynomialSchedule& config) : config_(config) {}
  double RateAt(double progress, int64_t) const override {
    const double range = double{config_.base()} - config_.end();
    return config_.end() + range * std::pow(1 - progress, static_cast<double>(config_.power()));
  }

 private:
  const PolynomialSchedule config_;
};

class Cosine : public LearningRateSchedule {
 public:
  explicit Cosine(const CosineSchedule& config) : config_(config) {}
  double RateAt(double progress, int64_t) const override {
    return CosineBetween(config_.peak(), config_.end(), progress);
  }

 private:
  const CosineSchedule config_;
};

class OneCycle : public LearningRateSchedule {
 public:
  explicit OneCycle(const OneCycleSchedule& config) : config_(config) {}
  double RateAt(double progress, int64_t) const override {
    const double peak = config_.peak();
    const double rise = config_.rise();
    const double start = peak / config_.start_divisor();
    if (progress < rise) return CosineBetween(start, peak, progress / rise);
    const double fallen = rise < 1 ? (progress - rise) / (1 - rise) : 0;
    return CosineBetween(peak, start / config_.end_divisor(), fallen);
  }

 private:
  const OneCycleSchedule config_;
};

absl::Status CheckRange(absl::string_view field, double value, double low, double high) {
  if (value >= low && value <= high) return absl::OkStatus();
  const std::string upper = high == kLargest ? "a finite number" : absl::StrCat(high);
  return absl::InvalidArgumentError(
      absl::StrCat("learning_rate.", field, ": expected ", low, " to ", upper, ", found ", value));
}

absl::Status CheckPositive(absl::string_view field, double value) {
  if (value > 0 && value <= kLargest) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("learning_rate.", field, ": expected a positive, finite number, found ", value));
}

absl::Status Check(const StepSchedule& step) {
  RETURN_IF_ERROR(CheckPositive("step.base", step.base()));
  RETURN_IF_ERROR(CheckPositive("step.factor", step.factor()));
  for (int i = 0; i < step.at_epochs_size(); ++i) {
    const double least = i == 0 ? 0 : step.at_epochs(i - 1);
    RETURN_IF_ERROR(CheckRange(absl::StrCat("step.at_epochs[", i, "]"), step.at_epochs(i), least, kLargest));
  }
  return absl::OkStatus();
}

absl::Status Check(const PolynomialSchedule& polynomial) {
  RETURN_IF_ERROR(CheckPositive("polynomial.base", polynomial.base()));
  RETURN_IF_ERROR(CheckPositive("polynomial.power", polynomial.power()));
  return CheckRange("polynomial.end", polynomial.end(), 0, kLargest);
}

absl::Status Check(const CosineSchedule& cosine) {
  RETURN_IF_ERROR(CheckPositive("cosine.peak", cosine.peak()));
  return CheckRange("cosine.end", cosine.end(), 0, kLargest);
}

absl::Status Check(const OneCycleSchedule& one_cycle) {
  RETURN_IF_ERROR(CheckPositive("one_cycle.peak", one_cycle.peak()));
  RETURN_IF_ERROR(CheckRange("one_cycle.rise", one_cycle.rise(), 0, 1));
  RETURN_IF_ERROR(CheckPositive("one_cycle.start_divisor", one_cycle.start_divisor()));
  return CheckPositive("one_cycle.end_divisor", one_cycle.end_divisor());
}

absl::Status Check(const PlateauSchedule& plateau) {
  RETURN_IF_ERROR(CheckPositive("plateau.base", plateau.base()));
  RETURN_IF_ERROR(CheckRange("plateau.factor", plateau.factor(), 0, 1));
  RETURN_IF_ERROR(CheckRange("plateau.window_steps", plateau.window_steps(), 3, 1e6));
  RETURN_IF_ERROR(CheckRange("plateau.confidence", plateau.confidence(), 0, 1));
  return CheckRange("plateau.minimum", plateau.minimum(), 0, plateau.base());
}

template <typename Schedule, typename Message, typename... Arguments>
absl::StatusOr<std::unique_ptr<LearningRateSchedule>> Make(const Message& config, Arguments... arguments) {
  RETURN_IF_ERROR(Check(config));
  return std::make_unique<Schedule>(config, arguments...);
}

absl::StatusOr<std::unique_ptr<LearningRateSchedule>> MakeSchedule(const LearningRate& config,
                                                                   int64_t steps_per_epoch) {
  switch (config.schedule_case()) {
    case LearningRate::kConstant:
      RETURN_IF_ERROR(CheckRange("constant", config.constant(), 0, kLargest));
      return std::make_unique<Constant>(config.constant());
    case LearningRate::kStep:
      return Make<Step>(config.step(), steps_per_epoch);
    case LearningRate::kPolynomial:
      return Make<Polynomial>(config.polynomial());
    case LearningRate::kCosine:
      return Make<Cosine>(config.cosine());
    case LearningRate::kOneCycle:
      return Make<OneCycle>(config.one_cycle());
    case LearningRate::kPlateau:
      return Make<Plateau>(config.plateau());
    case LearningRate::SCHEDULE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "learning_rate: expected a schedule (constant, step, polynomial, cosine, one_cycle or plateau), found none");
}

}  // namespace

int64_t StepsIn(double epochs, int64_t steps_per_epoch) { return std::llround(epochs * steps_per_epoch); }

absl::StatusOr<std::unique_ptr<LearningRateSchedule>> LearningRateSchedule::Create(const LearningRate& config,
                                                                                   double epochs,
                                                                                   int64_t steps_per_epoch) {
  CHECK_GE(steps_per_epoch, 1);
  if (!(epochs >= 0 && epochs * steps_per_epoch < 0x1p53)) {
    return absl::InvalidArgumentError(absl::StrCat("phase.epochs: expected a number from 0 on, found ", epochs));
  }
  RETURN_IF_ERROR(CheckRange("warmup_epochs", config.warmup_epochs(), 0, epochs));
  ASSIGN_OR_RETURN(std::unique_ptr<LearningRateSchedule> schedule, MakeSchedule(config, steps_per_epoch));
  schedule->total_steps_ = StepsIn(epochs, steps_per_epoch);
  schedule->warmup_steps_ = StepsIn(config.warmup_epochs(), steps_per_epoch);
  return schedule;
}

double LearningRateSchedule::Rate(int64_t step) const {
  if (step < warmup_steps_) return RateAt(0, 0) * (step + 1) / warmup_steps_;
  const double scheduled_steps = std::max<int64_t>(total_steps_ - warmup_steps_, 1);
  return RateAt(std::min((step - warmup_steps_) / scheduled_steps, 1.0), step);
}

void LearningRateSchedule::Observe(double) {}

std::string LearningRateSchedule::SaveState() const { return ""; }

absl::Status LearningRateSchedule::LoadState(absl::string_view state) {
  if (state.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("learning_rate: this schedule has no state to resume, found \"", state.substr(0, 40), "\""));
}

}  // namespace espalier
