#include "hw/eie/activation_reader.h"

#include <algorithm>

#include "hw/eie/non_zero_tree.h"

namespace espalier {

EieActivationReader::EieActivationReader(const EieProgram& program, const EieTile& tile, const int16_t* activations)
    : program_(program), tile_(tile), activations_(activations), elements_(program.config.processing_elements) {
  StartBatch(0);
}

void EieActivationReader::StartBatch(int64_t first_column) {
  batch_first_ = first_column;
  batch_end_ = std::min(first_column + program_.batch_columns(), tile_.columns);
  row_first_ = first_column;
  lane_ = 0;
  if (!done() && program_.batched()) {
    load_cycles_left_ = program_.config.ActivationSramCycles((batch_end_ - batch_first_ + elements_ - 1) / elements_);
  }
}

void EieActivationReader::NextRow() {
  row_first_ += elements_;
  lane_ = 0;
  if (row_first_ >= batch_end_) StartBatch(batch_end_);
}

void EieActivationReader::Compute(bool any_queue_full) {
  broadcast_ = {};
  if (done()) {
    action_ = Action::kDone;
    return;
  }
  if (load_cycles_left_ > 0) {
    action_ = Action::kLoad;
    return;
  }
  std::vector<bool> lanes(elements_);
  for (int64_t lane = lane_; lane < elements_ && row_first_ + lane < batch_end_; ++lane) {
    lanes[lane] = activations_[row_first_ + lane] != 0;
  }
  const int64_t lane = FirstNonZeroLane(lanes);
  if (lane < 0) {
    action_ = Action::kStep;
  } else if (any_queue_full) {
    action_ = Action::kQueueFull;
  } else {
    action_ = Action::kBroadcast;
    broadcast_ = {true, row_first_ + lane, activations_[row_first_ + lane]};
  }
}

void EieActivationReader::Commit() {
  switch (action_) {
    case Action::kLoad:
      ++counters_.activation_load_cycles;
      counters_.activation_reads += elements_;
      --load_cycles_left_;
      break;
    case Action::kBroadcast:
      ++counters_.broadcasts;
      lane_ = broadcast_.column - row_first_ + 1;
      if (lane_ == elements_) NextRow();
      break;
    case Action::kQueueFull:
      ++counters_.queue_full_cycles;
      break;
    case Action::kStep:
      ++counters_.row_step_cycles;
      NextRow();
      break;
    case Action::kDone:
      ++counters_.drain_cycles;
      break;
  }
}

}  // namespace espalier
