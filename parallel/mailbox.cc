#include "parallel/mailbox.h"

#include <algorithm>
#include <utility>

namespace espalier {

void Inbox::Start() {
  MessageInfo info;
  while (under_way_.size() < kMostUnderWay &&
         communicator_.Probe(Communicator::kAnySource, Communicator::kAnyTag, &info)) {
    Incoming& incoming = under_way_.emplace_back();
    Letter& letter = incoming.letter;
    letter.source = info.source;
    letter.tag = info.tag;
    letter.bytes = info.bytes;
    letter.memory = TakeSpare((info.bytes + sizeof(float) - 1) / sizeof(float));
    incoming.request = communicator_.Receive(letter.memory.data(), info.bytes, info.source, info.tag);
  }
}

std::vector<float> Inbox::TakeSpare(size_t elements) {
  std::vector<float> memory;
  if (!spare_.empty()) {
    memory = std::move(spare_.back());
    spare_.pop_back();
  }
  memory.resize(elements);
  return memory;
}

bool Inbox::Next(Letter* letter) {
  Start();
  waiting_.clear();
  for (auto it = under_way_.begin(); it != under_way_.end(); ++it) {
    const int source = it->letter.source;
    if (std::find(waiting_.begin(), waiting_.end(), source) != waiting_.end()) continue;
    if (communicator_.Test(&it->request)) {
      *letter = std::move(it->letter);
      under_way_.erase(it);
      return true;
    }
    waiting_.push_back(source);
  }
  return false;
}

Outbox::~Outbox() {
  Progress();
  for (Outgoing& message : under_way_) message.copy.release();
}

void Outbox::Post(const void* data, size_t bytes, int destination, int tag) {
  Outgoing& outgoing = under_way_.emplace_back();
  outgoing.key = kCopied;
  outgoing.copy = std::make_unique<char[]>(std::max(bytes, size_t{1}));
  if (bytes > 0) std::memcpy(outgoing.copy.get(), data, bytes);
  outgoing.request = communicator_.Send(outgoing.copy.get(), bytes, destination, tag);
}

void Outbox::Send(const void* data, size_t bytes, int destination, int tag, int key) {
  CHECK_GE(key, 0);
  under_way_.push_back({communicator_.Send(data, bytes, destination, tag), key, nullptr});
}

bool Outbox::Done(int key) {
  bool done = true;
  for (Outgoing& outgoing : under_way_) {
    if (outgoing.key == key && !communicator_.Test(&outgoing.request)) done = false;
  }
  return done;
}

void Outbox::Await(int key) {
  for (int attempt = 0; !Done(key); ++attempt) communicator_.Idle(attempt);
}

void Outbox::AwaitAll() {
  for (Outgoing& outgoing : under_way_) communicator_.Wait(&outgoing.request);
  under_way_.clear();
}

void Outbox::Progress() {
  constexpr int kLooks = 8;
  for (int i = 0; i < kLooks && !under_way_.empty(); ++i) {
    if (!communicator_.Test(&under_way_.front().request)) return;
    under_way_.pop_front();
  }
}

}  // namespace espalier
