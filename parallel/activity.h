// What a rank is doing right now, for whoever watches it from another thread: the watchdog, an error's message.
#ifndef ESPALIER_PARALLEL_ACTIVITY_H_
#define ESPALIER_PARALLEL_ACTIVITY_H_

#include <atomic>
#include <cstdint>

namespace espalier {

// The parts of a run that have a time limit each.
enum class Section { kSetup, kStep, kCheckpoint, kValidation };

// Written by the rank's main thread, read by any. `operation` points to a string literal.
struct Activity {
  std::atomic<Section> section{Section::kSetup};
  // Grows whenever there was progress: a section begun, a step or a validation batch done, a message complete.
  std::atomic<int64_t> beats{0};
  std::atomic<int> phase{0};
  std::atomic<int64_t> step{0};
  // What the rank waits for, "all-reduce"; null: nothing. And the number of its bucket; -1: none.
  std::atomic<const char*> operation{nullptr};
  std::atomic<int> bucket{-1};

  void Beat() { beats.fetch_add(1, std::memory_order_relaxed); }
  void Enter(Section now) {
    section.store(now, std::memory_order_relaxed);
    Beat();
  }
  void Await(const char* what, int which = -1) {
    operation.store(what, std::memory_order_relaxed);
    bucket.store(which, std::memory_order_relaxed);
  }
};

// While it lives, the rank waits for something; says so in an activity, unless that is null.
class Waiting {
 public:
  Waiting(Activity* activity, const char* what, int bucket = -1) : activity_(activity), what_(what) {
    SetBucket(bucket);
  }
  ~Waiting() {
    if (activity_ != nullptr) activity_->Await(nullptr);
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  void SetBucket(int bucket) const {
    if (activity_ != nullptr) activity_->Await(what_, bucket);
  }
  void Beat() const {
    if (activity_ != nullptr) activity_->Beat();
  }

 private:
  Activity* const activity_;
  const char* const what_;
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_ACTIVITY_H_
