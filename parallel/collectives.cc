#include "parallel/collectives.h"

#include <algorithm>
#include <cstring>

#include "glog/logging.h"
#include "parallel/tags.h"

namespace espalier {
namespace {

// Of a broadcast: small enough that the ranks down the tree soon have something to pass on.
constexpr size_t kPieceBytes = size_t{1} << 20;

char* At(void* data, size_t offset) { return static_cast<char*>(data) + offset; }
const char* At(const void* data, size_t offset) { return static_cast<const char*>(data) + offset; }

// Calls function(offset, bytes) for pieces of `total` bytes in their order; not at all for none.
template <typename Function>
void ForPieces(size_t total, size_t piece, const Function& function) {
  for (size_t offset = 0; offset < total; offset += piece) function(offset, std::min(piece, total - offset));
}

// Messages under way, of any length.
class Messages {
 public:
  explicit Messages(Communicator* communicator) : communicator_(communicator) {}

  void Send(const void* data, size_t bytes, int destination, int tag) {
    ForPieces(bytes, Communicator::kMaximumBytes, [&](size_t offset, size_t piece) {
      requests_.push_back(communicator_->Send(At(data, offset), piece, destination, tag));
    });
  }
  void Receive(void* data, size_t bytes, int source, int tag) {
    ForPieces(bytes, Communicator::kMaximumBytes, [&](size_t offset, size_t piece) {
      requests_.push_back(communicator_->Receive(At(data, offset), piece, source, tag));
    });
  }
  void Wait() {
    for (Request& request : requests_) communicator_->Wait(&request);
    requests_.clear();
  }

 private:
  Communicator* const communicator_;
  std::vector<Request> requests_;
};

}  // namespace

void Barrier(Communicator* communicator) {
  const int size = communicator->size(), rank = communicator->rank();
  for (int distance = 1; distance < size; distance *= 2) {
    Request receive = communicator->Receive(nullptr, 0, (rank + size - distance) % size, kBarrierTag);
    Request send = communicator->Send(nullptr, 0, (rank + distance) % size, kBarrierTag);
    communicator->Wait(&receive);
    communicator->Wait(&send);
  }
}

void Broadcast(Communicator* communicator, void* data, size_t bytes, int root) {
  const int size = communicator->size();
  CHECK(root >= 0 && root < size);
  // Counted from the root: a rank's parent is the rank without its lowest set bit; its children have one more below.
  const int place = (communicator->rank() + size - root) % size;
  const int lowest = place & -place;
  Messages sends(communicator);
  ForPieces(bytes, kPieceBytes, [&](size_t offset, size_t piece) {
    if (place > 0) {
      Request request = communicator->Receive(At(data, offset), piece, (place - lowest + root) % size, kBroadcastTag);
      communicator->Wait(&request);
    }
    int bit = 1;
    while (2 * bit < size) bit *= 2;
    for (; bit > 0; bit /= 2) {
      if ((place > 0 && bit >= lowest) || place + bit >= size) continue;
      sends.Send(At(data, offset), piece, (place + bit + root) % size, kBroadcastTag);
    }
  });
  sends.Wait();
}

std::string BroadcastString(Communicator* communicator, absl::string_view text, int root) {
  size_t bytes = text.size();
  Broadcast(communicator, &bytes, sizeof bytes, root);
  std::string result(bytes, '\0');
  if (communicator->rank() == root) result.assign(text.data(), text.size());
  Broadcast(communicator, result.data(), bytes, root);
  return result;
}

void AllGatherBytes(Communicator* communicator, const void* mine, size_t bytes, void* all) {
  const int size = communicator->size(), rank = communicator->rank();
  if (bytes == 0) return;
  // Before the round of `distance` the first `distance` blocks are there: those of this rank and of the ones above it.
  std::memcpy(all, mine, bytes);
  Messages messages(communicator);
  for (int distance = 1; distance < size; distance *= 2) {
    const size_t block_bytes = bytes * std::min(distance, size - distance);
    messages.Receive(At(all, distance * bytes), block_bytes, (rank + distance) % size, kAllGatherTag);
    messages.Send(all, block_bytes, (rank + size - distance) % size, kAllGatherTag);
    messages.Wait();
  }
  char* begin = static_cast<char*>(all);
  std::rotate(begin, begin + bytes * (size - rank) % (bytes * size), begin + bytes * size);
}

void AllGatherVarying(Communicator* communicator, const void* mine, size_t bytes, const std::vector<void*>& all,
                      const std::vector<size_t>& sizes) {
  const int size = communicator->size(), rank = communicator->rank();
  CHECK(all.size() == size && sizes.size() == size && sizes[rank] == bytes);
  if (bytes > 0) std::memcpy(all[rank], mine, bytes);
  Messages messages(communicator);
  for (int distance = 1; distance < size; ++distance) {
    const int source = (rank + size - distance) % size;
    messages.Receive(all[source], sizes[source], source, kAllGatherTag);
  }
  for (int distance = 1; distance < size; ++distance) {
    messages.Send(mine, bytes, (rank + distance) % size, kAllGatherTag);
  }
  messages.Wait();
}

std::vector<std::string> AllGatherStrings(Communicator* communicator, absl::string_view mine) {
  const std::vector<size_t> sizes = AllGather(communicator, mine.size());
  std::vector<std::string> all;
  for (size_t size : sizes) all.emplace_back(size, '\0');
  std::vector<void*> places;
  for (std::string& text : all) places.push_back(text.data());
  AllGatherVarying(communicator, mine.data(), mine.size(), places, sizes);
  return all;
}

std::vector<std::string> GatherStrings(Communicator* communicator, absl::string_view mine, int root) {
  const std::vector<size_t> sizes = AllGather(communicator, mine.size());
  Messages messages(communicator);
  std::vector<std::string> all;
  if (communicator->rank() == root) {
    for (size_t size : sizes) all.emplace_back(size, '\0');
    all[root].assign(mine.data(), mine.size());
    for (int rank = 0; rank < communicator->size(); ++rank) {
      if (rank != root) messages.Receive(all[rank].data(), sizes[rank], rank, kGatherTag);
    }
  } else {
    messages.Send(mine.data(), mine.size(), root, kGatherTag);
  }
  messages.Wait();
  return all;
}

bool AnyRank(Communicator* communicator, bool mine) {
  const std::vector<char> all = AllGather(communicator, static_cast<char>(mine));
  return std::count(all.begin(), all.end(), 1) > 0;
}

}  // namespace espalier
