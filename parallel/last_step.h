// Agreement on a last step among workers that go at their own pace: once any asks, all stop after the same step, the
// first that none of them is beyond.
//
// Worker 0 decides. Whoever wants to stop tells it ("stop"); it asks all where they are ("where"); each answers with
// the first step after which it can still stop ("here"), and does not go beyond that step before it knows the last one;
// the greatest of these is the last ("last"). Nobody waits for an answer without looking for questions, so the workers
// that wait for others' pushes meanwhile hold up nobody.
#ifndef ESPALIER_PARALLEL_LAST_STEP_H_
#define ESPALIER_PARALLEL_LAST_STEP_H_

#include <cstdint>

#include "parallel/communicator.h"
#include "parallel/mailbox.h"

namespace espalier {

class LastStep {
 public:
  // The first `workers` ranks of `world` are the workers.
  LastStep(Communicator* world, int workers);

  // This worker wants to stop.
  void Ask();
  // Takes in what the others say and answers. `step`, which never falls: the first step after which this worker can
  // still stop, that is, the one it is about to finish, or if none was begun the next.
  void Poll(int64_t step);
  // Whether this worker must not go beyond the step that it named, yet; call Poll until it is false.
  bool pending() const { return answered_ && !known_; }
  // Whether `step` is the last one (or later).
  bool IsLast(int64_t step) const { return known_ && step >= last_; }

 private:
  struct Message {
    enum Kind : int64_t { kStop, kWhere, kHere, kLast };
    Kind kind;
    int64_t step;
  };

  void Send(int worker, Message::Kind kind, int64_t step);
  void Take(const Message& message, int64_t step);
  void CountAnswer(int64_t step);

  Communicator& world_;
  const int workers_;
  Outbox outbox_;
  bool asked_ = false;     // this worker's wish was sent
  bool wanted_ = false;    // worker 0: somebody wants to stop
  bool answered_ = false;  // this worker said where it is
  bool known_ = false;
  int64_t last_ = 0;  // the greatest answer so far; the last step once it is known
  int answers_ = 0;
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_LAST_STEP_H_
