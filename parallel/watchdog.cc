#include "parallel/watchdog.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/clock.h"

namespace espalier {
namespace {

constexpr Section kSections[] = {Section::kSetup, Section::kStep, Section::kCheckpoint, Section::kValidation};
// Of looks, in seconds.
constexpr double kShortestPause = 0.005, kLongestPause = 0.25;
// Looks within the shortest limit.
constexpr double kLooks = 20;
// Of the time between two looks, this at most counts, in seconds.
constexpr double kLongestDelay = 0.5;
// That others have to print their reasons before the end of this rank ends them.
constexpr std::chrono::milliseconds kGrace(200);

const char* NameOf(Section section) {
  switch (section) {
    case Section::kSetup:
      return "set-up";
    case Section::kStep:
      return "step";
    case Section::kCheckpoint:
      return "checkpoint";
    case Section::kValidation:
      return "validation";
  }
  return "";
}

}  // namespace

double LimitOf(const Watchdog& limits, Section section) {
  switch (section) {
    case Section::kSetup:
      return limits.setup_s();
    case Section::kStep:
      return limits.step_s();
    case Section::kCheckpoint:
      return limits.checkpoint_s();
    case Section::kValidation:
      return limits.validation_s();
  }
  return 0;
}

Watchdog LongestLimits(const Watchdog& limits) {
  double longest = 0;
  for (const Section section : kSections) {
    const double limit = LimitOf(limits, section);
    longest = limit > 0 && longest >= 0 ? std::max(longest, limit) : -1;
  }
  const float seconds = static_cast<float>(std::max(0.0, longest));
  Watchdog longer;
  longer.set_setup_s(seconds);
  longer.set_step_s(seconds);
  longer.set_checkpoint_s(seconds);
  longer.set_validation_s(seconds);
  return longer;
}

double Stillness::Look(double now, int64_t beats) {
  seconds_ = beats != beats_ ? 0 : seconds_ + std::min(kLongestDelay, now - before_);
  beats_ = beats;
  before_ = now;
  return seconds_;
}

void EndProcess(const std::string& reason) {
  const std::string line = reason + "\n";
  if (::write(STDERR_FILENO, line.data(), line.size()) >= 0) std::this_thread::sleep_for(kGrace);
  ::_exit(1);
}

WatchdogThread::WatchdogThread(const Activity* activity, WatchdogOptions options)
    : activity_(activity), options_(std::move(options)), parent_(::getppid()), thread_([this] { Watch(); }) {}

WatchdogThread::~WatchdogThread() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
  }
  ends_.notify_all();
  thread_.join();
}

void WatchdogThread::Watch() {
  double pause = kLongestPause;
  for (const Section section : kSections) {
    const double limit = LimitOf(options_.limits, section);
    if (limit > 0) pause = std::min(pause, std::max(kShortestPause, limit / kLooks));
  }
  const auto expire = options_.expire ? options_.expire : EndProcess;
  const auto beats = [this] { return activity_->beats.load(std::memory_order_relaxed); };
  Stillness stillness(SteadySeconds(), beats());
  std::unique_lock<std::mutex> lock(mutex_);
  while (!ends_.wait_for(lock, std::chrono::duration<double>(pause), [this] { return ended_; })) {
    const double still = stillness.Look(SteadySeconds(), beats());
    const double limit = LimitOf(options_.limits, activity_->section.load(std::memory_order_relaxed));
    const bool orphaned = options_.watch_parent && ::getppid() != parent_;
    if (!orphaned && (limit == 0 || still < limit)) continue;
    lock.unlock();
    expire(orphaned ? absl::StrCat("[rank ", options_.rank, "] ", options_.host, ": the launcher is gone")
                    : Reason(still));
    return;
  }
}

std::string WatchdogThread::Reason(double seconds) const {
  const int phase = activity_->phase.load(std::memory_order_relaxed);
  const char* const operation = activity_->operation.load(std::memory_order_relaxed);
  const int bucket = activity_->bucket.load(std::memory_order_relaxed);
  std::string reason = absl::StrFormat(
      "[rank %d] %s: no progress for %.3g s in phase %s, step %d, %s", options_.rank, options_.host, seconds,
      phase >= 0 && phase < options_.phases.size() ? options_.phases[phase] : absl::StrCat(phase),
      activity_->step.load(std::memory_order_relaxed), NameOf(activity_->section.load(std::memory_order_relaxed)));
  if (operation != nullptr) absl::StrAppend(&reason, ", waiting for ", operation);
  if (operation != nullptr && bucket >= 0) absl::StrAppend(&reason, " bucket ", bucket);
  return reason;
}

}  // namespace espalier
