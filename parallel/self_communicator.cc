#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <vector>

#include "glog/logging.h"
#include "parallel/communicator.h"

namespace espalier {
namespace {

// Messages to oneself: a sent one is copied and waits for its receiver.
class SelfCommunicator : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }

  Request Send(const void* data, size_t bytes, int destination, int tag) override {
    CHECK_EQ(destination, 0);
    const char* begin = static_cast<const char*>(data);
    waiting_.push_back({tag, std::vector<char>(begin, begin + bytes)});
    return {};
  }

  Request Receive(void* data, size_t bytes, int source, int tag) override {
    CHECK(source == 0 || source == kAnySource);
    receives_.push_back({static_cast<char*>(data), bytes, tag, true});
    return {static_cast<int>(receives_.size()) - 1};
  }

  bool Test(Request* request) override {
    if (!request->active()) return true;
    Pending& pending = receives_[request->slot];
    for (auto it = waiting_.begin(); it != waiting_.end(); ++it) {
      if (pending.tag != kAnyTag && pending.tag != it->tag) continue;
      CHECK_EQ(it->bytes.size(), pending.bytes);
      if (pending.bytes > 0) std::memcpy(pending.data, it->bytes.data(), pending.bytes);
      waiting_.erase(it);
      pending.open = false;
      request->slot = -1;
      while (!receives_.empty() && !receives_.back().open) receives_.pop_back();
      return true;
    }
    return false;
  }

  bool Probe(int /*source*/, int tag, MessageInfo* info) override {
    for (const Message& message : waiting_) {
      if (tag != kAnyTag && tag != message.tag) continue;
      *info = {0, message.tag, message.bytes.size()};
      return true;
    }
    return false;
  }

  std::unique_ptr<Communicator> Split(int /*color*/) override { return MakeSelfCommunicator(); }

  [[noreturn]] void Abort(absl::string_view reason, int exit_code) override {
    std::cerr << reason << std::endl;
    std::_Exit(exit_code);
  }

  void Idle(int /*attempt*/) override { LOG(FATAL) << "the only rank waits for a message that nobody sent"; }

 private:
  struct Message {
    int tag;
    std::vector<char> bytes;
  };
  struct Pending {
    char* data;
    size_t bytes;
    int tag;
    bool open;
  };
  std::deque<Message> waiting_;
  std::vector<Pending> receives_;
};

}  // namespace

std::unique_ptr<Communicator> MakeSelfCommunicator() { return std::make_unique<SelfCommunicator>(); }

}  // namespace espalier
