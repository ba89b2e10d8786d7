// Messages of a rank that serves many others: taken in as they come, whoever sends them; and sent without waiting.
#ifndef ESPALIER_PARALLEL_MAILBOX_H_
#define ESPALIER_PARALLEL_MAILBOX_H_

#include <cstddef>
#include <cstring>
#include <deque>
#include <memory>
#include <type_traits>
#include <vector>

#include "glog/logging.h"
#include "parallel/communicator.h"

namespace espalier {

// A whole message. Its memory has whole floats: bytes rounded up.
struct Letter {
  int source = 0, tag = 0;
  size_t bytes = 0;
  std::vector<float> memory;

  // The message as a T, of which it must have the size.
  template <typename T>
  T As() const;
  const char* data() const { return reinterpret_cast<const char*>(memory.data()); }
};

// Takes in all messages that come to a communicator. Several are under way at a time; letters of one source are handed
// over in the order in which they were found.
class Inbox {
 public:
  explicit Inbox(Communicator* communicator) : communicator_(*communicator) {}

  // The next letter, if one is whole.
  bool Next(Letter* letter);
  // Memory to use again: what is done with goes to the end. It does not grow without end where every letter's memory
  // comes back once.
  std::vector<std::vector<float>>* spare() { return &spare_; }
  // Some of it, or new memory, with this many elements.
  std::vector<float> TakeSpare(size_t elements);
  bool empty() const { return under_way_.empty(); }

 private:
  struct Incoming {
    Letter letter;
    Request request;
  };
  static constexpr size_t kMostUnderWay = 8;

  void Start();

  Communicator& communicator_;
  std::deque<Incoming> under_way_;
  std::vector<std::vector<float>> spare_;
  std::vector<int> waiting_;  // sources, within Next
};

class Outbox {
 public:
  explicit Outbox(Communicator* communicator) : communicator_(*communicator) {}
  // What is still under way, small messages that nobody received before the end, keeps its memory.
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // Copies a small message.
  void Post(const void* data, size_t bytes, int destination, int tag);
  // The memory must stay as it is until Await(key) or AwaitAll() returned.
  void Send(const void* data, size_t bytes, int destination, int tag, int key);
  // Waits for all that Send began with this key.
  void Await(int key);
  void AwaitAll();
  // Moves on what is under way. Cheap.
  void Progress();
  bool empty() const { return under_way_.empty(); }

 private:
  static constexpr int kCopied = -1;  // the key of posted messages
  struct Outgoing {
    Request request;
    int key = 0;
    std::unique_ptr<char[]> copy;
  };

  // Tests those with the key; whether all are done.
  bool Done(int key);

  Communicator& communicator_;
  std::deque<Outgoing> under_way_;
};

template <typename T>
T Letter::As() const {
  static_assert(std::is_trivially_copyable_v<T>);
  CHECK_EQ(bytes, sizeof(T)) << "tag " << tag << " from rank " << source;
  T value;
  std::memcpy(static_cast<void*>(&value), memory.data(), sizeof value);
  return value;
}

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_MAILBOX_H_
