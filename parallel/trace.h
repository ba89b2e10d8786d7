// A timeline of all ranks: which spent how long on what. Written in Chrome's trace format ("Trace Event Format"), which
// Perfetto (ui.perfetto.dev) opens: one process for each rank.
#ifndef ESPALIER_PARALLEL_TRACE_H_
#define ESPALIER_PARALLEL_TRACE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/files/file_system.h"
#include "core/status.h"
#include "parallel/communicator.h"

namespace espalier {

class Trace {
 public:
  // Room for `capacity` events, taken now; what comes when it is full is counted and dropped.
  explicit Trace(int64_t capacity = int64_t{1} << 18);

  // Seconds on this process's clock.
  static double Now();

  // Of one thread. Names must live as long as the trace. `number` says which ("bucket 3"); -1: none.
  // What the rank itself did; spans lie within or beside each other.
  void AddSpan(const char* category, const char* name, double begin, double end, int64_t number = -1) {
    Add({category, name, begin, end, number, false});
  }
  // What was under way beside that; flights of equal name and different number may overlap.
  void AddFlight(const char* category, const char* name, double begin, double end, int64_t number = -1) {
    Add({category, name, begin, end, number, true});
  }

  // Finds what this rank's clock differs by from that of rank 0: half way of the quickest of some round trips, as in
  // Cristian, "Probabilistic clock synchronization", 1989. Called by all ranks together, once, before Write.
  void AlignClocks(Communicator* communicator);
  double clock_offset() const { return clock_offset_; }

  // Gathers the events of all ranks on rank 0, which writes the file; called by all ranks together. Times count from
  // the creation of rank 0's trace. The status is that of the file on rank 0, success on the others.
  absl::Status Write(Communicator* communicator, FileSystem* files, const std::string& path) const;

  int64_t size() const { return static_cast<int64_t>(events_.size()); }
  int64_t dropped() const { return dropped_; }

 private:
  struct Event {
    const char* category;
    const char* name;
    double begin, end;
    int64_t number;
    bool flight;
  };
  void Add(const Event& event) {
    if (events_.size() < events_.capacity()) {
      events_.push_back(event);
    } else {
      ++dropped_;
    }
  }
  // This rank's events, each followed by a comma and a new line. `origin` is on the clock of rank 0.
  std::string EventsText(int rank, double origin) const;

  std::vector<Event> events_;
  int64_t dropped_ = 0;
  const double created_;
  double clock_offset_ = 0;  // rank 0's clock less this one's
};

// A span from its construction to its end. A null trace is none.
class TraceSpan {
 public:
  TraceSpan(Trace* trace, const char* category, const char* name, int64_t number = -1)
      : trace_(trace), category_(category), name_(name), number_(number), begin_(trace != nullptr ? Trace::Now() : 0) {}
  ~TraceSpan() {
    if (trace_ != nullptr) trace_->AddSpan(category_, name_, begin_, Trace::Now(), number_);
  }
  TraceSpan(const TraceSpan&) = delete;
  TraceSpan& operator=(const TraceSpan&) = delete;

 private:
  Trace* const trace_;
  const char* const category_;
  const char* const name_;
  const int64_t number_;
  const double begin_;
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_TRACE_H_
