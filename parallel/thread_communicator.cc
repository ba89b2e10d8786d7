#include "parallel/thread_communicator.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/random.h"
#include "glog/logging.h"

namespace espalier {
namespace {

constexpr size_t kEagerBytes = 4096;

struct Message {
  int source = 0, tag = 0;
  const char* data = nullptr;  // the sender's memory, or that of `copy`
  size_t bytes = 0;
  std::vector<char> copy;
  int sender_slot = -1;    // the request to complete when the message is received; -1: it was complete at once
  int64_t receivable = 0;  // from this look of the receiver on
};

struct Slot {
  enum class State { kFree, kUnderWay, kDone };
  State state = State::kFree;
  char* data = nullptr;  // of a receive
  size_t bytes = 0;
  int source = 0, tag = 0;
};

// What belongs to one rank of a group; guarded by the group's mutex.
struct Mailbox {
  std::list<Message> arrived;  // in the order in which they were sent
  std::vector<int> receives;   // slots under way, in the order in which they were started
  std::vector<Slot> slots;
  std::vector<int> free_slots;
  int64_t looks = 0;
  int64_t sent = 0;
  int splits = 0;
};

struct Group;

// The colours that the ranks of a group have given to one Split.
struct SplitState {
  std::vector<int> colors;
  std::map<int, std::shared_ptr<Group>> children;
  int given = 0, taken = 0;
};

struct Group {
  Group(int size, const ThreadRankOptions& options) : options(options), mailboxes(size) {}

  const ThreadRankOptions options;
  std::mutex mutex;
  std::vector<Mailbox> mailboxes;
  std::list<Message> spare;  // received ones, whose memory is used again
  std::map<int, SplitState> splits;
};

bool Fits(int wanted, int found) { return wanted < 0 || wanted == found; }

class ThreadCommunicator : public Communicator {
 public:
  ThreadCommunicator(std::shared_ptr<Group> group, int rank, int job_rank)
      : group_(std::move(group)), rank_(rank), job_rank_(job_rank) {}

  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(group_->mailboxes.size()); }

  Request Send(const void* data, size_t bytes, int destination, int tag) override {
    Check(bytes, destination, tag);
    const std::lock_guard<std::mutex> lock(group_->mutex);
    Mailbox& to = group_->mailboxes[destination];
    Random random(group_->options.seed, "delay", static_cast<uint32_t>(job_rank_ * size() + destination),
                  mine().sent++);
    const bool delays = group_->options.maximum_delay > 0;
    const bool eager = delays ? random.Below(2) == 0 : bytes <= kEagerBytes;
    if (group_->spare.empty()) group_->spare.emplace_back();
    to.arrived.splice(to.arrived.end(), group_->spare, group_->spare.begin());
    Message& message = to.arrived.back();
    message.source = rank_;
    message.tag = tag;
    message.bytes = bytes;
    message.data = static_cast<const char*>(data);
    message.receivable = to.looks;
    if (delays) message.receivable += random.Below(group_->options.maximum_delay + 1);
    for (const Message& other : to.arrived) {
      if (other.source == rank_ && other.tag == tag)
        message.receivable = std::max(message.receivable, other.receivable);
    }
    message.sender_slot = -1;
    if (eager) {
      message.copy.assign(message.data, message.data + bytes);
      message.data = message.copy.data();
      return {};
    }
    return {message.sender_slot = TakeSlot()};
  }

  Request Receive(void* data, size_t bytes, int source, int tag) override {
    CHECK(bytes <= kMaximumBytes && source >= kAnySource && source < size() && tag >= kAnyTag && tag <= kMaximumTag);
    const std::lock_guard<std::mutex> lock(group_->mutex);
    const int index = TakeSlot();
    Slot& slot = mine().slots[index];
    slot.data = static_cast<char*>(data);
    slot.bytes = bytes;
    slot.source = source;
    slot.tag = tag;
    mine().receives.push_back(index);
    return {index};
  }

  bool Test(Request* request) override {
    if (!request->active()) return true;
    const std::lock_guard<std::mutex> lock(group_->mutex);
    Deliver();
    Slot& slot = mine().slots[request->slot];
    CHECK(slot.state != Slot::State::kFree);
    if (slot.state == Slot::State::kUnderWay) return false;
    slot.state = Slot::State::kFree;
    mine().free_slots.push_back(request->slot);
    request->slot = -1;
    return true;
  }

  bool Probe(int source, int tag, MessageInfo* info) override {
    const std::lock_guard<std::mutex> lock(group_->mutex);
    Deliver();
    const auto found = FirstFitting(source, tag);
    if (found == mine().arrived.end()) return false;
    *info = {found->source, found->tag, found->bytes};
    return true;
  }

  std::unique_ptr<Communicator> Split(int color) override {
    int number;
    {
      const std::lock_guard<std::mutex> lock(group_->mutex);
      number = mine().splits++;
      SplitState& state = group_->splits[number];
      state.colors.resize(size());
      state.colors[rank_] = color;
      ++state.given;
    }
    for (int attempt = 0; !AllHaveSplit(number); ++attempt) Idle(attempt);
    return TakePart(number, color);
  }

  [[noreturn]] void Abort(absl::string_view reason, int exit_code) override {
    std::cerr << absl::StrCat("[rank ", job_rank_, "] ", reason, "\n") << std::flush;
    std::_Exit(exit_code);
  }

  void Idle(int attempt) override {
    // On a busy machine a core that was given up comes back late; to who slept it comes at once.
    if (attempt >= 30) std::this_thread::sleep_for(std::chrono::microseconds(std::min(10 + attempt, 1000)));
  }

 private:
  Mailbox& mine() { return group_->mailboxes[rank_]; }

  void Check(size_t bytes, int destination, int tag) const {
    CHECK(bytes <= kMaximumBytes && destination >= 0 && destination < size() && tag >= 0 && tag <= kMaximumTag);
  }

  int TakeSlot() {
    Mailbox& box = mine();
    if (box.free_slots.empty()) {
      box.free_slots.push_back(static_cast<int>(box.slots.size()));
      box.slots.emplace_back();
    }
    const int index = box.free_slots.back();
    box.free_slots.pop_back();
    box.slots[index].state = Slot::State::kUnderWay;
    return index;
  }

  std::list<Message>::iterator FirstFitting(int source, int tag) {
    std::list<Message>& arrived = mine().arrived;
    return std::find_if(arrived.begin(), arrived.end(), [&](const Message& message) {
      return message.receivable <= mine().looks && Fits(source, message.source) && Fits(tag, message.tag);
    });
  }

  // Gives the messages that have come to the receives that were started for them.
  void Deliver() {
    Mailbox& box = mine();
    ++box.looks;
    size_t kept = 0;
    for (size_t i = 0; i < box.receives.size(); ++i) {
      Slot& slot = box.slots[box.receives[i]];
      const auto found = FirstFitting(slot.source, slot.tag);
      if (found == box.arrived.end()) {
        box.receives[kept++] = box.receives[i];
        continue;
      }
      if (found->bytes != slot.bytes) {
        Abort(absl::StrCat("a message of rank ", found->source, " with tag ", found->tag, ": expected ", slot.bytes,
                           " bytes, got ", found->bytes),
              1);
      }
      if (slot.bytes > 0) std::memcpy(slot.data, found->data, slot.bytes);
      slot.state = Slot::State::kDone;
      if (found->sender_slot >= 0)
        group_->mailboxes[found->source].slots[found->sender_slot].state = Slot::State::kDone;
      group_->spare.splice(group_->spare.begin(), box.arrived, found);
    }
    box.receives.resize(kept);
  }

  bool AllHaveSplit(int number) {
    const std::lock_guard<std::mutex> lock(group_->mutex);
    return group_->splits[number].given == size();
  }

  // This rank's place among those of its colour, all colours being known.
  std::unique_ptr<Communicator> TakePart(int number, int color) {
    const std::lock_guard<std::mutex> lock(group_->mutex);
    SplitState& state = group_->splits[number];
    const int members = static_cast<int>(std::count(state.colors.begin(), state.colors.end(), color));
    const int place = static_cast<int>(std::count(state.colors.begin(), state.colors.begin() + rank_, color));
    std::shared_ptr<Group>& child = state.children[color];
    if (child == nullptr) child = std::make_shared<Group>(members, group_->options);
    auto part = std::make_unique<ThreadCommunicator>(child, place, job_rank_);
    if (++state.taken == size()) group_->splits.erase(number);
    return part;
  }

  const std::shared_ptr<Group> group_;
  const int rank_;
  const int job_rank_;
};

}  // namespace

std::vector<std::unique_ptr<Communicator>> MakeThreadCommunicators(int ranks, const ThreadRankOptions& options) {
  CHECK_GE(ranks, 1);
  const auto group = std::make_shared<Group>(ranks, options);
  std::vector<std::unique_ptr<Communicator>> communicators;
  for (int rank = 0; rank < ranks; ++rank) {
    communicators.push_back(std::make_unique<ThreadCommunicator>(group, rank, rank));
  }
  return communicators;
}

void RunRanks(int ranks, const ThreadRankOptions& options, const std::function<void(Communicator&)>& body) {
  const std::vector<std::unique_ptr<Communicator>> communicators = MakeThreadCommunicators(ranks, options);
  std::vector<std::thread> threads;
  for (const std::unique_ptr<Communicator>& communicator : communicators) {
    threads.emplace_back([&body, &communicator] { body(*communicator); });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace espalier
