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
constexpr double kNoBound = std::numeric_limits<double>::infinity();

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
    return CosineBetween(peak, start / config_.end_divisor(), (progress - rise) / (1 - rise));
  }

 private:
  const OneCycleSchedule config_;
};

// Of fields that bound each other.
absl::Status CheckBetween(absl::string_view field, double value, double low, double high) {
  if (value >= low && value <= high) return absl::OkStatus();
  const std::string bounds = high == kNoBound ? absl::StrCat("at least ", low) : absl::StrCat(low, " to ", high);
  return absl::InvalidArgumentError(absl::StrCat("learning_rate.", field, ": expected ", bounds, ", found ", value));
}

absl::Status CheckFields(const LearningRate& config, double epochs) {
  for (int i = 1; i < config.step().at_epochs_size(); ++i) {
    RETURN_IF_ERROR(CheckBetween(absl::StrCat("step.at_epochs[", i, "]"), config.step().at_epochs(i),
                                 config.step().at_epochs(i - 1), kNoBound));
  }
  if (config.has_plateau()) {
    RETURN_IF_ERROR(CheckBetween("plateau.minimum", config.plateau().minimum(), 0, config.plateau().base()));
  }
  return CheckBetween("warmup_epochs", config.warmup_epochs(), 0, epochs);
}

absl::StatusOr<std::unique_ptr<LearningRateSchedule>> MakeSchedule(const LearningRate& config,
                                                                   int64_t steps_per_epoch) {
  switch (config.schedule_case()) {
    case LearningRate::kConstant:
      return std::make_unique<Constant>(config.constant());
    case LearningRate::kStep:
      return std::make_unique<Step>(config.step(), steps_per_epoch);
    case LearningRate::kPolynomial:
      return std::make_unique<Polynomial>(config.polynomial());
    case LearningRate::kCosine:
      return std::make_unique<Cosine>(config.cosine());
    case LearningRate::kOneCycle:
      return std::make_unique<OneCycle>(config.one_cycle());
    case LearningRate::kPlateau:
      return std::make_unique<Plateau>(config.plateau());
    case LearningRate::SCHEDULE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "learning_rate: expected a schedule (constant, step, polynomial, cosine, one_cycle or plateau), found none");
}

}  // namespace

int64_t StepsIn(double epochs, int64_t steps_per_epoch) {
  return std::llround(std::min(epochs * steps_per_epoch, 0x1p62));
}

absl::StatusOr<std::unique_ptr<LearningRateSchedule>> LearningRateSchedule::Create(const LearningRate& config,
                                                                                   double epochs,
                                                                                   int64_t steps_per_epoch) {
  CHECK_GE(steps_per_epoch, 1);
  RETURN_IF_ERROR(CheckFields(config, epochs));
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
