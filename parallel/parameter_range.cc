#include "parallel/parameter_range.h"

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "proto/optimizer.pb.h"

namespace espalier {

int64_t ChunkElements(int64_t elements, int64_t wanted) {
  return std::max(wanted, (elements + kMaximumChunks - 1) / kMaximumChunks);
}

std::vector<int64_t> DivideArena(const std::vector<int64_t>& block_begins, int64_t arena_elements, int servers) {
  std::vector<int64_t> begins = {0};
  for (int server = 1; server < servers; ++server) {
    const int64_t fair = arena_elements / servers * server;
    const auto at = std::lower_bound(block_begins.begin(), block_begins.end(), std::max(fair, begins.back()));
    begins.push_back(at == block_begins.end() ? arena_elements : *at);
  }
  begins.push_back(arena_elements);
  return begins;
}

std::vector<ServerSetup::Piece> PiecesOf(const ParameterLayout& layout, int64_t begin, int64_t end) {
  std::vector<ServerSetup::Piece> pieces;
  for (int i = 0; i < layout.size(); ++i) {
    const Parameter& parameter = layout[i];
    const int64_t next = i + 1 < layout.size() ? layout[i + 1].offset : layout.arena_elements();
    const int64_t elements = std::min(end, next) - std::max(begin, parameter.offset);
    if (elements <= 0) continue;
    pieces.push_back({elements, parameter.role, parameter.learning_rate_multiplier, parameter.weight_decay_multiplier});
  }
  return pieces;
}

ParameterRange::ParameterRange(int64_t elements, int64_t chunk_elements)
    : chunk_elements_(chunk_elements), weights_(DType::kF32, {elements}), gradients_(DType::kF32, {elements}) {}

absl::StatusOr<std::unique_ptr<ParameterRange>> ParameterRange::Create(const ServerSetup& setup) {
  ParameterLayout layout;
  for (const ServerSetup::Piece& piece : setup.pieces) {
    Parameter parameter;
    parameter.name = absl::StrCat("piece ", layout.size());
    parameter.shape = {piece.elements};
    parameter.role = piece.role;
    parameter.learning_rate_multiplier = piece.learning_rate_multiplier;
    parameter.weight_decay_multiplier = piece.weight_decay_multiplier;
    layout.Add(std::move(parameter));
  }
  CHECK_EQ(layout.arena_elements(), setup.elements()) << "pieces include their padding";
  CHECK_GE(setup.chunk_elements, 1);
  Optimizer config;
  CHECK(config.ParseFromString(setup.optimizer));
  std::unique_ptr<ParameterRange> range(new ParameterRange(setup.elements(), setup.chunk_elements));
  ASSIGN_OR_RETURN(range->optimizer_, ParameterOptimizer::Create(config, layout));
  return range;
}

std::vector<float*> ParameterRange::arenas() const {
  std::vector<float*> all = {weights()};
  for (int i = 0; i < optimizer_->slot_count(); ++i) all.push_back(optimizer_->slot(i));
  return all;
}

void ParameterRange::Update(int chunk, const StepInputs& inputs) {
  optimizer_->StepRange(weights(), gradients(), inputs, begin(chunk), end(chunk));
}

}  // namespace espalier
