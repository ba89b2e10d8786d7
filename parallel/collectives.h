// What all ranks of a communicator do together, all calling the same function in the same order; built on messages
// alone, with the tags of parallel/tags.h. Results depend on nothing but the ranks' values. They block: for a training
// step's great exchange see parallel/all_reduce.h.
#ifndef ESPALIER_PARALLEL_COLLECTIVES_H_
#define ESPALIER_PARALLEL_COLLECTIVES_H_

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/string_view.h"
#include "parallel/communicator.h"

namespace espalier {

// Returns once all ranks have called it. (Dissemination: Hensgen, Finkel, Manber, "Two algorithms for barrier
// synchronization", 1988.)
void Barrier(Communicator* communicator);

// Gives all ranks the root's bytes, by a binomial tree, in pieces that follow each other down. `bytes` is the same on
// all ranks.
void Broadcast(Communicator* communicator, void* data, size_t bytes, int root);
// The root's text; that of the others is ignored.
std::string BroadcastString(Communicator* communicator, absl::string_view text, int root);

// Writes the `bytes` bytes at `mine` of each rank, in the ranks' order, to `all`. (Bruck et al., "Efficient algorithms
// for all-to-all communications in multiport message-passing systems", 1997.)
void AllGatherBytes(Communicator* communicator, const void* mine, size_t bytes, void* all);

// Every rank's value, by rank.
template <typename T>
std::vector<T> AllGather(Communicator* communicator, const T& mine) {
  static_assert(std::is_trivially_copyable<T>::value && !std::is_same<T, bool>::value);
  std::vector<T> all(communicator->size());
  AllGatherBytes(communicator, &mine, sizeof(T), all.data());
  return all;
}

// Writes each rank's `bytes` bytes, which may differ, to all[rank], where its sizes[rank] bytes are expected.
void AllGatherVarying(Communicator* communicator, const void* mine, size_t bytes, const std::vector<void*>& all,
                      const std::vector<size_t>& sizes);

// Every rank's values, any number from each, by rank.
template <typename T>
std::vector<std::vector<T>> AllGatherVectors(Communicator* communicator, const std::vector<T>& mine) {
  static_assert(std::is_trivially_copyable<T>::value && !std::is_same<T, bool>::value);
  const std::vector<size_t> sizes = AllGather(communicator, mine.size());
  std::vector<std::vector<T>> all(sizes.size());
  std::vector<void*> places;
  std::vector<size_t> bytes;
  for (size_t rank = 0; rank < sizes.size(); ++rank) {
    all[rank].resize(sizes[rank]);
    places.push_back(all[rank].data());
    bytes.push_back(sizes[rank] * sizeof(T));
  }
  AllGatherVarying(communicator, mine.data(), mine.size() * sizeof(T), places, bytes);
  return all;
}

// Every rank's text, by rank.
std::vector<std::string> AllGatherStrings(Communicator* communicator, absl::string_view mine);
// The same on the root; nothing on the others.
std::vector<std::string> GatherStrings(Communicator* communicator, absl::string_view mine, int root);

// Whether it is so on any rank.
bool AnyRank(Communicator* communicator, bool mine);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_COLLECTIVES_H_
