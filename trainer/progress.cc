#include "trainer/progress.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/human_readable.h"
#include "glog/logging.h"

namespace espalier {
namespace {

constexpr double kDrawSeconds = 0.1;
constexpr double kSmoothingSeconds = 20;
// Plain lines come every ten seconds at first, and never closer than a twentieth of the time that has passed.
constexpr double kPlainSeconds = 10, kPlainFraction = 0.05;
constexpr int kMinimumBar = 8, kMaximumBar = 40;
constexpr char kGap[] = "  ";
constexpr int kGapColumns = 2;
constexpr char kClearLine[] = "\r\x1b[K", kCyan[] = "\x1b[36m", kDim[] = "\x1b[2m", kReset[] = "\x1b[0m";

std::string Repeat(const char* text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

std::string LossText(double loss) {
  const bool fixed = std::fabs(loss) >= 1e-3 && std::fabs(loss) < 1e4;
  return fixed ? absl::StrFormat("loss %.4f", loss) : absl::StrFormat("loss %.4g", loss);
}

std::string TopOneText(double fraction) { return absl::StrCat("top-1 ", FormatPercent(fraction)); }

}  // namespace

void RateMeter::AddSteps(int64_t steps, double seconds) {
  const double fade = std::exp(-seconds / kSmoothingSeconds);
  steps_ = steps_ * fade + steps;
  seconds_ = seconds_ * fade + seconds;
}

void RateMeter::AddValidation(double seconds) {
  validation_seconds_ += seconds;
  ++validations_;
}

Progress::Progress(ProgressOptions options, std::vector<ProgressPhase> phases)
    : options_(std::move(options)), phases_(std::move(phases)) {
  CHECK(!phases_.empty());
  for (const ProgressPhase& phase : phases_) CHECK_GE(phase.steps_per_epoch, 1);
}

Progress::~Progress() { Clear(); }

void Progress::Start(int phase, int64_t step) {
  now_.phase = phase;
  now_.step = step;
  start_time_ = step_time_ = draw_time_ = epoch_time_ = options_.clock();
}

void Progress::Step(const StepReport& report) {
  CHECK_LT(report.phase, phases_.size());
  const double now = options_.clock();
  const int64_t before = report.phase == now_.phase ? now_.step : 0;
  rate_.AddSteps(report.step - before, now - step_time_);
  step_time_ = now;
  now_ = report;
  Draw(now);
}

void Progress::BeginValidation() {
  validating_ = true;
  if (options_.terminal.is_terminal) ShowTerminalLine();
}

void Progress::EndValidation() {
  validating_ = false;
  const double now = options_.clock();
  rate_.AddValidation(now - step_time_);
  step_time_ = now;
}

void Progress::EndEpoch(const EpochReport& report) {
  const double now = options_.clock();
  std::string line = PhaseText(report.phase);
  absl::StrAppend(&line, kGap, EpochText(report.phase, report.step), kGap, "train ", LossText(report.train_loss));
  if (report.train_top1) absl::StrAppend(&line, " ", TopOneText(*report.train_top1));
  if (report.validation_loss) absl::StrAppend(&line, kGap, "validation ", LossText(*report.validation_loss));
  if (report.validation_top1) absl::StrAppend(&line, " ", TopOneText(*report.validation_top1));
  if (report.best) line += " (best)";
  if (report.sparsity) absl::StrAppend(&line, kGap, "sparsity ", FormatPercent(*report.sparsity));
  absl::StrAppend(&line, kGap, FormatDuration(now - epoch_time_));
  epoch_time_ = now;
  draw_time_ = now;
  Print(line);
}

void Progress::Print(absl::string_view line) {
  Clear();
  if (!options_.terminal.is_terminal) *options_.out << '[' << FormatDuration(options_.clock() - start_time_) << "] ";
  *options_.out << line << std::endl;
}

void Progress::Clear() {
  if (line_shown_) *options_.out << kClearLine << std::flush;
  line_shown_ = false;
}

double Progress::images_per_s() const {
  const double seconds = rate_.seconds_per_step();
  return seconds > 0 ? options_.images_per_step / seconds : -1;
}

double Progress::SecondsFor(int phase, int64_t steps) const {
  const double epochs = static_cast<double>(steps) / phases_[phase].steps_per_epoch;
  return steps * rate_.seconds_per_step() + epochs * rate_.seconds_per_validation();
}

double Progress::SecondsLeftInPhase() const {
  if (rate_.seconds_per_step() < 0) return -1;
  return SecondsFor(now_.phase, std::max<int64_t>(0, phases_[now_.phase].steps - now_.step));
}

double Progress::SecondsLeftInJob() const {
  double seconds = SecondsLeftInPhase();
  if (seconds < 0) return -1;
  for (int phase = now_.phase + 1; phase < phases_.size(); ++phase) seconds += SecondsFor(phase, phases_[phase].steps);
  return seconds;
}

std::string Progress::PhaseText(int phase) const {
  if (phases_.size() == 1) return phases_[phase].name;
  return absl::StrCat(phases_[phase].name, " ", phase + 1, "/", phases_.size());
}

std::string Progress::EpochText(int phase, int64_t step) const {
  const int64_t size = phases_[phase].steps_per_epoch;
  const int64_t epochs = std::max<int64_t>(1, (phases_[phase].steps + size - 1) / size);
  // The step that ends an epoch still belongs to it.
  const int64_t epoch = std::clamp<int64_t>((step + size - 1) / size, 1, epochs);
  return absl::StrCat("epoch ", epoch, "/", epochs);
}

std::pair<int64_t, int64_t> Progress::StepsOfEpoch() const {
  const ProgressPhase& phase = phases_[now_.phase];
  const int64_t start = std::max<int64_t>(0, now_.step - 1) / phase.steps_per_epoch * phase.steps_per_epoch;
  return {now_.step - start, std::min(phase.steps_per_epoch, phase.steps - start)};
}

std::string Progress::TimeLeft(bool with_job) const {
  const std::string phase = FormatDuration(SecondsLeftInPhase());
  if (phases_.size() == 1 || now_.phase + 1 == phases_.size()) return phase + " left";
  return with_job ? absl::StrCat(phase, " left, job ", FormatDuration(SecondsLeftInJob())) : phase + " left";
}

std::vector<Progress::Part> Progress::Parts() const {
  std::vector<Part> parts = {{PhaseText(now_.phase), 8}, {EpochText(now_.phase, now_.step), 10}, {"", 4, true}};
  if (validating_) {
    parts.push_back({"validating", 8});
  } else {
    const auto [done, steps] = StepsOfEpoch();
    parts.push_back({absl::StrCat(done, "/", steps), 3});
  }
  parts.push_back({LossText(now_.loss), 9});
  if (now_.top1) parts.push_back({TopOneText(*now_.top1), 6});
  parts.push_back({absl::StrFormat("lr %.3g", now_.learning_rate), 1});
  if (images_per_s() > 0) parts.push_back({absl::StrCat(FormatFigure(images_per_s()), " ", options_.unit, "/s"), 5});
  parts.push_back({TimeLeft(true), 7});
  return parts;
}

std::string Progress::TerminalLine(int width) const {
  std::vector<Part> parts = Parts();
  const auto columns = [&parts] {
    int sum = -kGapColumns;
    for (const Part& part : parts) sum += kGapColumns + (part.is_bar ? kMinimumBar : ColumnsOf(part.text));
    return sum;
  };
  const auto less = [](const Part& a, const Part& b) { return a.importance < b.importance; };
  while (parts.size() > 1 && columns() > width) {
    const auto least = std::min_element(parts.begin(), parts.end(), less);
    // The time that the job needs gives way before the more important parts do.
    if (const std::string brief = TimeLeft(false); least->importance >= 3 && parts.back().text.size() > brief.size()) {
      parts.back().text = brief;
    } else {
      parts.erase(least);
    }
  }
  const int spare = std::max(0, width - columns());
  std::string line;
  for (const Part& part : parts) {
    if (!line.empty()) line += kGap;
    line += part.is_bar ? Bar(std::min(kMaximumBar, kMinimumBar + spare)) : part.text;
  }
  return parts.size() == 1 ? std::string(TrimToColumns(line, width)) : line;
}

std::string Progress::PlainLine() const {
  std::string line;
  for (const Part& part : Parts()) {
    if (!part.is_bar) absl::StrAppend(&line, line.empty() ? "" : kGap, part.text);
  }
  return line;
}

std::string Progress::Bar(int columns) const {
  const auto [steps_done, steps] = StepsOfEpoch();
  const double done = steps > 0 ? std::clamp(static_cast<double>(steps_done) / steps, 0.0, 1.0) : 1;
  if (!options_.terminal.utf8) {
    const int full = static_cast<int>(done * (columns - 2));
    const bool head = full < columns - 2;
    return absl::StrCat("[", Repeat("=", full), head ? ">" : "", Repeat(" ", columns - 2 - full - head), "]");
  }
  const int halves = static_cast<int>(done * columns * 2);
  const std::string full = Repeat("━", halves / 2) + (halves % 2 ? "╸" : "");
  const std::string rest = Repeat("─", columns - (halves + 1) / 2);
  return options_.terminal.color ? absl::StrCat(kCyan, full, kReset, kDim, rest, kReset) : full + rest;
}

void Progress::ShowTerminalLine() {
  // The last column stays free: writing there wraps on some terminals.
  *options_.out << kClearLine << TerminalLine(std::max(1, options_.terminal.width() - 1)) << std::flush;
  line_shown_ = true;
}

void Progress::Draw(double now) {
  const double rest = options_.terminal.is_terminal ? (line_shown_ ? kDrawSeconds : 0)
                                                    : std::max(kPlainSeconds, kPlainFraction * (now - start_time_));
  if (now - draw_time_ < rest) return;
  draw_time_ = now;
  if (options_.terminal.is_terminal) {
    ShowTerminalLine();
  } else {
    Print(PlainLine());
  }
}

}  // namespace espalier
