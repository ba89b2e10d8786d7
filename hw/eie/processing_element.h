// One processing element of EIE, module by module.
#ifndef ESPALIER_HW_EIE_PROCESSING_ELEMENT_H_
#define ESPALIER_HW_EIE_PROCESSING_ELEMENT_H_

#include <cstdint>
#include <vector>

#include "hw/eie/activation_reader.h"
#include "hw/eie/arithmetic.h"
#include "hw/eie/counters.h"
#include "hw/eie/program.h"

namespace espalier {

// A ring buffer of activations with their columns. One slot more than it may hold tells full from empty.
class EieQueue {
 public:
  explicit EieQueue(int depth) : slots_(depth + 1) {}

  bool empty() const { return read_ == write_; }
  bool full() const { return (write_ + 1) % slots_.size() == read_; }
  const EieBroadcast& front() const { return slots_[read_]; }
  void Commit(const EieBroadcast& push, bool pop);

 private:
  std::vector<EieBroadcast> slots_;
  size_t read_ = 0, write_ = 0;
};

// Both pointers of a column come in one cycle, from the even and the odd bank.
class EiePointerBanks {
 public:
  explicit EiePointerBanks(const std::vector<uint32_t>& pointers);
  uint32_t Read(int64_t column) const { return banks_[column % 2][column / 2]; }

 private:
  std::vector<uint32_t> banks_[2];
};

// An entry on its way through the arithmetic unit.
struct EieIssue {
  bool valid = false;
  EieEntry entry;
  int16_t activation = 0;
  bool starts_column = false;
};

// Walks the entries of the current column, one a cycle. When it issues the last of them, or has none, it takes the next
// column from the queue, whose pointers it has a cycle later. A column without entries takes a cycle. A line of the
// matrix SRAM is read only where it is not the one read before.
class EieMatrixReader {
 public:
  EieMatrixReader(const EieImage& image, int64_t entries_per_line)
      : entries_(image.entries),
        pointers_(image.pointers),
        entries_per_line_(static_cast<uint32_t>(entries_per_line)) {}

  void Compute(const EieQueue& queue);
  void Commit(const EieQueue& queue, EieCounters* counters);

  bool pop() const { return pop_; }
  const EieIssue& issue() const { return issue_; }
  bool idle() const { return !valid_; }

 private:
  const std::vector<EieEntry>& entries_;
  const EiePointerBanks pointers_;
  const uint32_t entries_per_line_;

  bool valid_ = false;  // of the current column:
  uint32_t begin_ = 0, cursor_ = 0, end_ = 0;
  int16_t activation_ = 0;
  int64_t line_ = -1;  // in the line buffer

  bool pop_ = false;
  EieIssue issue_;
};

// Four stages: codebook and row address; multiplication, and reading the accumulator; addition; writing the
// accumulator. The accumulators give a value that is being written to a reader in the same cycle; a sum that is needed
// a cycle before it is written is forwarded.
class EieArithmeticUnit {
 public:
  EieArithmeticUnit(const std::vector<int16_t>& codebook, const EieArithmetic& arithmetic,
                    std::vector<int64_t>* accumulators)
      : codebook_(codebook), arithmetic_(arithmetic), accumulators_(*accumulators) {}

  void Compute();
  void Commit(const EieIssue& issue, EieCounters* counters);

  bool idle() const { return !decode_.valid && !multiply_.valid && !add_.valid && !write_.valid; }

 private:
  struct Multiply {
    bool valid = false, writes = false;  // padding does not write
    int16_t weight = 0, activation = 0;
    int64_t row = 0;
  };
  struct Add {
    bool valid = false, writes = false;
    int64_t product = 0, accumulator = 0, row = 0;
  };
  struct Write {
    bool valid = false, writes = false, saturated = false;
    int64_t sum = 0, row = 0;
  };

  Multiply Decode();
  Add Product() const;
  Write Sum() const;

  const std::vector<int16_t>& codebook_;
  const EieArithmetic arithmetic_;
  std::vector<int64_t>& accumulators_;

  // Registers before each stage, and what Compute puts into them.
  EieIssue decode_;
  Multiply multiply_, next_multiply_;
  Add add_, next_add_;
  Write write_, next_write_;
  int64_t row_ = -1;  // of the entry decoded before
};

// An element with one tile's image in its memories.
class EieProcessingElement {
 public:
  // Both must outlive the element. `accumulators`: of the element's rows, with their biases or former sums.
  EieProcessingElement(const EieProgram& program, const EieImage& image, const EieArithmetic& arithmetic,
                       std::vector<int64_t>* accumulators);

  void Compute();
  void Commit(const EieBroadcast& broadcast);

  bool queue_full() const { return queue_.full(); }
  bool idle() const { return queue_.empty() && matrix_.idle() && arithmetic_.idle(); }
  const EieCounters& counters() const { return counters_; }

 private:
  EieQueue queue_;
  EieMatrixReader matrix_;
  EieArithmeticUnit arithmetic_;
  EieCounters counters_;
};

}  // namespace espalier

#endif  // ESPALIER_HW_EIE_PROCESSING_ELEMENT_H_
