#include "hw/eie/processing_element.h"

#include "glog/logging.h"

namespace espalier {

void EieQueue::Commit(const EieBroadcast& push, bool pop) {
  // Both look at the registers of before: a queue that is full does not take an activation in the cycle that frees a
  // place.
  if (push.valid) {
    CHECK(!full());
    slots_[write_] = push;
  }
  if (pop) {
    CHECK(!empty());
    read_ = (read_ + 1) % slots_.size();
  }
  if (push.valid) write_ = (write_ + 1) % slots_.size();
}

EiePointerBanks::EiePointerBanks(const std::vector<uint32_t>& pointers) {
  for (size_t column = 0; column < pointers.size(); ++column) banks_[column % 2].push_back(pointers[column]);
}

void EieMatrixReader::Compute(const EieQueue& queue) {
  issue_ = {};
  if (valid_ && cursor_ < end_) issue_ = {true, entries_[cursor_], activation_, cursor_ == begin_};
  const bool finishes = !valid_ || cursor_ + 1 >= end_;
  pop_ = finishes && !queue.empty();
}

void EieMatrixReader::Commit(const EieQueue& queue, EieCounters* counters) {
  if (issue_.valid) {
    counters->real_macs += issue_.entry.code != 0;
    counters->padding_macs += issue_.entry.code == 0;
    const int64_t line = cursor_ / entries_per_line_;
    counters->matrix_reads += line != line_;
    line_ = line;
    ++cursor_;
  } else if (valid_) {
    ++counters->empty_columns;
  }
  if (pop_) {
    const EieBroadcast& next = queue.front();
    valid_ = true;
    begin_ = cursor_ = pointers_.Read(next.column);
    end_ = pointers_.Read(next.column + 1);
    activation_ = next.activation;
    counters->pointer_reads += 2;
  } else if (cursor_ >= end_) {
    valid_ = false;
  }
}

EieArithmeticUnit::Multiply EieArithmeticUnit::Decode() {
  if (!decode_.valid) return {};
  row_ = (decode_.starts_column ? -1 : row_) + decode_.entry.gap + 1;
  return {true, decode_.entry.code != 0, codebook_[decode_.entry.code], decode_.activation, row_};
}

EieArithmeticUnit::Add EieArithmeticUnit::Product() const {
  if (!multiply_.valid) return {};
  Add add{true, multiply_.writes, int64_t{multiply_.weight} * multiply_.activation, 0, multiply_.row};
  // Padding may point behind the last row; it reads nothing either.
  if (add.writes) {
    const bool being_written = write_.writes && write_.row == add.row;
    add.accumulator = being_written ? write_.sum : accumulators_[add.row];
  }
  return add;
}

EieArithmeticUnit::Write EieArithmeticUnit::Sum() const {
  if (!add_.valid) return {};
  const bool forwarded = write_.writes && write_.row == add_.row;
  const int64_t exact = (forwarded ? write_.sum : add_.accumulator) + arithmetic_.Shift(add_.product);
  const int64_t sum = arithmetic_.Saturate(exact);
  return {true, add_.writes, add_.writes && sum != exact, sum, add_.row};
}

void EieArithmeticUnit::Compute() {
  next_multiply_ = Decode();
  next_add_ = Product();
  next_write_ = Sum();
}

void EieArithmeticUnit::Commit(const EieIssue& issue, EieCounters* counters) {
  if (write_.writes) accumulators_[write_.row] = write_.sum;
  write_ = next_write_;
  counters->saturations += write_.saturated;
  add_ = next_add_;
  multiply_ = next_multiply_;
  decode_ = issue;
}

EieProcessingElement::EieProcessingElement(const EieProgram& program, const EieImage& image,
                                           const EieArithmetic& arithmetic, std::vector<int64_t>* accumulators)
    : queue_(program.config.queue_depth),
      matrix_(image, program.config.EntriesPerLine()),
      arithmetic_(program.matrix.codebook, arithmetic, accumulators) {}

void EieProcessingElement::Compute() {
  matrix_.Compute(queue_);
  arithmetic_.Compute();
}

void EieProcessingElement::Commit(const EieBroadcast& broadcast) {
  // From the last stage to the first, as each takes what the registers before it held.
  arithmetic_.Commit(matrix_.issue(), &counters_);
  matrix_.Commit(queue_, &counters_);
  queue_.Commit(broadcast, matrix_.pop());
  counters_.queue_pushes += broadcast.valid;
}

}  // namespace espalier
