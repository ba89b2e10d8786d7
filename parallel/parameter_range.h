// A server's part of the parameter arenas: weights, gradients and optimizer slots of one range, and the chunks in which
// they travel. Elements count from the range's beginning.
#ifndef ESPALIER_PARALLEL_PARAMETER_RANGE_H_
#define ESPALIER_PARALLEL_PARAMETER_RANGE_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/status.h"
#include "core/tensor.h"
#include "optim/optimizer.h"
#include "parallel/parameter_server_messages.h"

namespace espalier {

// The size of chunks for a range: at least `wanted` elements, larger where there would be too many.
int64_t ChunkElements(int64_t elements, int64_t wanted);

// The beginnings of `servers` ranges of about equal size, and the arenas' end: servers + 1 ascending numbers. Ranges
// begin where blocks of the optimizer do, so that each block's sum of squares is found by one server.
std::vector<int64_t> DivideArena(const std::vector<int64_t>& block_begins, int64_t arena_elements, int servers);

// The pieces of elements [begin, end) of the arenas.
std::vector<ServerSetup::Piece> PiecesOf(const ParameterLayout& layout, int64_t begin, int64_t end);

// Calls visit(part) for each part of an arena, a Span, in the order in which kArenaTag messages carry them.
template <typename Visit>
void ForEachPiece(float* arena, int64_t elements, const Visit& visit) {
  for (int64_t begin = 0; begin < elements; begin += kArenaPiece) {
    visit(absl::MakeSpan(arena + begin, std::min(kArenaPiece, elements - begin)));
  }
}

class ParameterRange {
 public:
  static absl::StatusOr<std::unique_ptr<ParameterRange>> Create(const ServerSetup& setup);

  int64_t elements() const { return weights_.elements(); }
  int chunks() const { return static_cast<int>((elements() + chunk_elements_ - 1) / chunk_elements_); }
  int64_t begin(int chunk) const { return chunk * chunk_elements_; }
  int64_t end(int chunk) const { return std::min(elements(), begin(chunk) + chunk_elements_); }
  int64_t size(int chunk) const { return end(chunk) - begin(chunk); }

  float* weights() const { return weights_.data<float>(); }
  float* gradients() const { return gradients_.data<float>(); }
  ParameterOptimizer& optimizer() { return *optimizer_; }
  // Weights, then the slots.
  std::vector<float*> arenas() const;

  // Updates the chunk's weights and slots by its gradients.
  void Update(int chunk, const StepInputs& inputs);

 private:
  ParameterRange(int64_t elements, int64_t chunk_elements);

  const int64_t chunk_elements_;
  Tensor weights_, gradients_;
  std::unique_ptr<ParameterOptimizer> optimizer_;
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_PARAMETER_RANGE_H_
