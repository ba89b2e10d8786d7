// Messages between the ranks of a job. Point to point only; everything else is built on that (parallel/collectives.h,
// the data parallel methods), so that the order of every sum is ours: MPI promises none across numbers of ranks.
//
// Only one thread of a rank, the one that created the communicator, may use it. Nothing moves without calls: who
// computes while messages are under way calls Test on them now and then.
//
// Every call either does what it says or ends the job: the library's errors, messages of unexpected size and the like
// are printed as "[rank r] ..." and abort all ranks (Abort).
#ifndef ESPALIER_PARALLEL_COMMUNICATOR_H_
#define ESPALIER_PARALLEL_COMMUNICATOR_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace espalier {

// A message under way. Valid until Test or Wait says that it is done.
struct Request {
  int slot = -1;  // of the communicator's table; -1: nothing under way
  bool active() const { return slot >= 0; }
};

struct MessageInfo {
  int source = 0;
  int tag = 0;
  size_t bytes = 0;
};

class Communicator {
 public:
  static constexpr int kAnySource = -1;
  static constexpr int kAnyTag = -1;
  // Tags run from 0 to this.
  static constexpr int kMaximumTag = 32767;
  // Of one message.
  static constexpr size_t kMaximumBytes = size_t{1} << 30;

  virtual ~Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  virtual int rank() const = 0;
  virtual int size() const = 0;

  // Starts a message; the memory must stay as it is (Send) or unused (Receive) until the request is done. Messages
  // from one rank to another with one tag arrive in their order. A received message has exactly `bytes` bytes.
  // Allocates nothing once the table of requests has grown to the job's need.
  virtual Request Send(const void* data, size_t bytes, int destination, int tag) = 0;
  virtual Request Receive(void* data, size_t bytes, int source, int tag) = 0;
  // Whether it is done; then the request is inactive. True for an inactive one.
  virtual bool Test(Request* request) = 0;
  // Whether a message waits to be received, and which: kAnySource and kAnyTag fit all.
  virtual bool Probe(int source, int tag, MessageInfo* info) = 0;

  // The ranks with equal colour, ordered by their rank here, talk among themselves. Called by all ranks together.
  virtual std::unique_ptr<Communicator> Split(int color) = 0;

  // Prints "[rank r] reason" and ends all ranks of the job with `exit_code`.
  [[noreturn]] virtual void Abort(absl::string_view reason, int exit_code) = 0;

  void Wait(Request* request) {
    for (int attempt = 0; !Test(request); ++attempt) Idle(attempt);
  }
  // What a rank does between two looks at what it waits for, `attempt` counting the looks: first it looks again at
  // once, unless other ranks need its core; then it sleeps, longer and longer, but no longer than a millisecond.
  virtual void Idle(int attempt) = 0;

 protected:
  Communicator() = default;
};

// The only rank of a job.
std::unique_ptr<Communicator> MakeSelfCommunicator();

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_COMMUNICATOR_H_
