// Ends a rank that makes no progress. One that hangs, or waits for one that hangs, would wait for ever: MPI notices the
// death of a rank, but not that it stands still.
//
// A thread of its own looks at the rank's Activity a few times within each limit, without a call of MPI. A rank that is
// itself stopped cannot look, but those that wait for it do; the end of one is the end of the job. Time in which this
// process was stopped as a whole (Ctrl-Z, a debugger) does not count.
#ifndef ESPALIER_PARALLEL_WATCHDOG_H_
#define ESPALIER_PARALLEL_WATCHDOG_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "parallel/activity.h"
#include "proto/parallel.pb.h"

namespace espalier {

// Seconds that a section may go without a beat; 0: for ever.
double LimitOf(const Watchdog& limits, Section section);

// For a rank whose progress is that of others, who may be in any section, such as a server: the longest of the limits
// in each section.
Watchdog LongestLimits(const Watchdog& limits);

// The time since the last beat, as a thread sees it that looks now and then.
class Stillness {
 public:
  Stillness(double now, int64_t beats) : before_(now), beats_(beats) {}
  // Seconds without a beat. Of a pause between two looks of over half a second, the rest does not count: so long the
  // whole process stood still.
  double Look(double now, int64_t beats);

 private:
  double before_;
  int64_t beats_;
  double seconds_ = 0;
};

struct WatchdogOptions {
  Watchdog limits;
  int rank = 0;
  std::string host;
  // Names of the phases that Activity counts; may be empty.
  std::vector<std::string> phases;
  // Also ends this process when its parent, mpirun or its daemon, is gone.
  bool watch_parent = false;
  // Called once, in the watchdog's thread, with "[rank 2] HOST: no progress for ..." without a newline.
  std::function<void(const std::string& reason)> expire = {};  // default: EndProcess
};

// Writes the reason to standard error by one system call, leaves the other ranks a moment to do the same, and ends the
// process by _exit(1), which calls nothing that may wait for the thread that hangs.
[[noreturn]] void EndProcess(const std::string& reason);

class WatchdogThread {
 public:
  // `activity` must outlive the object.
  WatchdogThread(const Activity* activity, WatchdogOptions options);
  // Ends the watch.
  ~WatchdogThread();
  WatchdogThread(const WatchdogThread&) = delete;
  WatchdogThread& operator=(const WatchdogThread&) = delete;

 private:
  void Watch();
  std::string Reason(double seconds) const;

  const Activity* const activity_;
  const WatchdogOptions options_;
  const int parent_;  // process id
  std::mutex mutex_;
  std::condition_variable ends_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_WATCHDOG_H_
