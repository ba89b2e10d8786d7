#include "parallel/parameter_server_messages.h"

#include <cstring>
#include <type_traits>

#include "glog/logging.h"

namespace espalier {
namespace {

// The numbers of a ServerSetup; its pieces follow, then the optimizer's text.
struct Numbers {
  ServerMode mode;
  int32_t staleness, workers, shards;
  DType wire;
  int64_t chunk_elements;
  int64_t pieces;
};

static_assert(std::is_trivially_copyable_v<ServerSetup::Piece> && std::is_trivially_copyable_v<Numbers>);

}  // namespace

std::string ServerSetup::Serialize() const {
  Numbers numbers;
  std::memset(static_cast<void*>(&numbers), 0, sizeof numbers);
  numbers.mode = mode;
  numbers.staleness = staleness;
  numbers.workers = workers;
  numbers.shards = shards;
  numbers.wire = wire;
  numbers.chunk_elements = chunk_elements;
  numbers.pieces = static_cast<int64_t>(pieces.size());
  std::string bytes(reinterpret_cast<const char*>(&numbers), sizeof numbers);
  bytes.append(reinterpret_cast<const char*>(pieces.data()), pieces.size() * sizeof(Piece));
  return bytes + optimizer;
}

ServerSetup ServerSetup::Parse(absl::string_view bytes) {
  Numbers numbers;
  CHECK_GE(bytes.size(), sizeof numbers);
  std::memcpy(&numbers, bytes.data(), sizeof numbers);
  bytes.remove_prefix(sizeof numbers);
  ServerSetup setup;
  setup.mode = numbers.mode;
  setup.staleness = numbers.staleness;
  setup.workers = numbers.workers;
  setup.shards = numbers.shards;
  setup.wire = numbers.wire;
  setup.chunk_elements = numbers.chunk_elements;
  CHECK(numbers.pieces >= 0 && static_cast<size_t>(numbers.pieces) <= bytes.size() / sizeof(Piece)) << numbers.pieces;
  setup.pieces.resize(numbers.pieces);
  const size_t piece_bytes = setup.pieces.size() * sizeof(Piece);
  if (piece_bytes > 0) std::memcpy(static_cast<void*>(setup.pieces.data()), bytes.data(), piece_bytes);
  setup.optimizer = std::string(bytes.substr(piece_bytes));
  return setup;
}

int64_t ServerSetup::elements() const {
  int64_t sum = 0;
  for (const Piece& piece : pieces) sum += piece.elements;
  return sum;
}

}  // namespace espalier
