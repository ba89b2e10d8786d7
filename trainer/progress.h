// What a person sees while a job trains. On a terminal, one line rewritten in place:
//
//   sparse 2/3  epoch 4/10  ━━━━━━━━╸─────  312/391  loss 0.4312  top-1 84.21%  lr 0.05  612 images/s  2:13 left, job
//   1:02:45
//
// which leaves out its least important parts as the window narrows. Piped, plain lines, ever rarer as the run gets
// longer. In both cases the end of an epoch leaves a line that stays.
#ifndef ESPALIER_TRAINER_PROGRESS_H_
#define ESPALIER_TRAINER_PROGRESS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "trainer/terminal.h"

namespace espalier {

struct ProgressPhase {
  std::string name;
  int64_t steps = 0;            // of the whole phase
  int64_t steps_per_epoch = 1;  // the last epoch may be a part
};

struct ProgressOptions {
  std::ostream* out = nullptr;
  Terminal terminal;
  std::function<double()> clock;  // seconds since any moment, never going back
  int64_t images_per_step = 1;    // the global batch
  std::string unit = "images";    // what a sample is called in the rate
};

// What one training step tells.
struct StepReport {
  int phase = 0;
  int64_t step = 0;  // steps of this phase done
  double loss = 0;
  std::optional<double> top1;  // fraction
  double learning_rate = 0;
};

// What an epoch tells at its end.
struct EpochReport {
  int phase = 0;
  int64_t step = 0;  // steps of this phase done
  double train_loss = 0;
  std::optional<double> train_top1;
  std::optional<double> validation_loss;
  std::optional<double> validation_top1;
  bool best = false;  // the best validation so far
  std::optional<double> sparsity;
};

// The time of one step, smoothed over the last seconds, and of one validation, averaged over all.
class RateMeter {
 public:
  // `seconds` since the call before; `steps` may be 0.
  void AddSteps(int64_t steps, double seconds);
  void AddValidation(double seconds);
  // Negative before the first step.
  double seconds_per_step() const { return steps_ > 0 ? seconds_ / steps_ : -1; }
  double seconds_per_validation() const { return validations_ > 0 ? validation_seconds_ / validations_ : 0; }

 private:
  double steps_ = 0, seconds_ = 0;  // with exponentially fading weights
  double validation_seconds_ = 0;
  int validations_ = 0;
};

class Progress {
 public:
  Progress(ProgressOptions options, std::vector<ProgressPhase> phases);
  // Clears the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // The clock starts: training begins, or continues after `step` steps of `phase`.
  void Start(int phase, int64_t step);
  // After each step; draws at most ten times a second.
  void Step(const StepReport& report);
  // The time between the two does not count for the rate; it counts for the time left, one validation an epoch.
  void BeginValidation();
  void EndValidation();
  void EndEpoch(const EpochReport& report);
  // A line that stays, such as a saved checkpoint.
  void Print(absl::string_view line);
  // Takes the progress line away, so that others can write.
  void Clear();

  // Smoothed; negative before the first step.
  double images_per_s() const;
  // Of the current phase, or of the job; negative before the first step.
  double SecondsLeftInPhase() const;
  double SecondsLeftInJob() const;

 private:
  // A piece of the line; the least important ones give way on a narrow terminal.
  struct Part {
    std::string text;
    int importance;
    bool is_bar = false;
  };
  // "sparse 2/3", without the numbers if there is one phase, and "epoch 4/10".
  std::string PhaseText(int phase) const;
  std::string EpochText(int phase, int64_t step) const;
  // Steps done of the current epoch, and its size.
  std::pair<int64_t, int64_t> StepsOfEpoch() const;
  double SecondsFor(int phase, int64_t steps) const;
  std::vector<Part> Parts() const;
  std::string TerminalLine(int width) const;
  std::string PlainLine() const;
  std::string Bar(int columns) const;
  std::string TimeLeft(bool with_job) const;
  void ShowTerminalLine();
  // Shows the line if the last one is old enough.
  void Draw(double now);

  const ProgressOptions options_;
  const std::vector<ProgressPhase> phases_;
  RateMeter rate_;
  StepReport now_;
  bool validating_ = false;
  bool line_shown_ = false;
  double start_time_ = 0;
  double step_time_ = 0;   // of the last step or validation
  double draw_time_ = 0;   // of the last drawn or printed line
  double epoch_time_ = 0;  // of the last end of an epoch
};

}  // namespace espalier

#endif  // ESPALIER_TRAINER_PROGRESS_H_
