#include "parallel/last_step.h"

#include <algorithm>

#include "parallel/parameter_server_messages.h"

namespace espalier {

LastStep::LastStep(Communicator* world, int workers) : world_(*world), workers_(workers), outbox_(world) {}

void LastStep::Ask() {
  if (asked_) return;
  asked_ = true;
  if (world_.rank() == 0) {
    wanted_ = true;
  } else {
    Send(0, Message::kStop, 0);
  }
}

void LastStep::Poll(int64_t step) {
  outbox_.Progress();
  MessageInfo info;
  while (world_.Probe(Communicator::kAnySource, kLastStepTag, &info)) {
    Message message;
    Request request = world_.Receive(&message, sizeof message, info.source, kLastStepTag);
    world_.Wait(&request);
    Take(message, step);
  }
  if (!wanted_ || answered_) return;
  for (int worker = 1; worker < workers_; ++worker) Send(worker, Message::kWhere, 0);
  answered_ = true;
  CountAnswer(step);
}

void LastStep::Take(const Message& message, int64_t step) {
  switch (message.kind) {
    case Message::kStop:
      wanted_ = true;
      return;
    case Message::kWhere:
      answered_ = true;
      return Send(0, Message::kHere, step);
    case Message::kHere:
      return CountAnswer(message.step);
    case Message::kLast:
      last_ = message.step;
      known_ = true;
      return;
  }
}

void LastStep::CountAnswer(int64_t step) {
  last_ = std::max(last_, step);
  if (++answers_ < workers_) return;
  known_ = true;
  for (int worker = 1; worker < workers_; ++worker) Send(worker, Message::kLast, last_);
}

void LastStep::Send(int worker, Message::Kind kind, int64_t step) {
  const Message message{kind, step};
  outbox_.Post(&message, sizeof message, worker, kLastStepTag);
}

}  // namespace espalier
