// The matrix unit, register by register: an array of processing elements, and the delay lines at its edges.
//
// Activations enter at the left and move right, a column a cycle; sums move down, a row a cycle, so row i's activations
// are delayed by i cycles at the edge. Element (i, j) works on vector b of a multiplication that begins at cycle t in
// cycle t + b + i + j; its sum leaves column j at the bottom, ready for the accumulators in cycle t + b + size + j.
//
// Weights enter at the top, the last row first, and move down through registers of their own; column j's are delayed by
// j cycles. When a tile's shift began at cycle s, all elements of column j hold their weight at the end of cycle
// s + size - 1 + j, and take it into the shadow register then. A multiplication that switches tiles sends a mark with
// its first vector: the element that it reaches works with its shadow weight from then on.
#ifndef ESPALIER_HW_TPU_SYSTOLIC_ARRAY_H_
#define ESPALIER_HW_TPU_SYSTOLIC_ARRAY_H_

#include <cstdint>
#include <deque>
#include <vector>

namespace espalier::tpu {

// What travels with a vector of activations.
struct VectorTag {
  int32_t instruction = 0;  // the multiplication, by its place in the program
  int32_t accumulator = 0;  // its row
  bool add = false;         // to the accumulators; else they are set
  int shift = 0;            // of the sum, to the left
  bool unsigned_weights = false;
  bool switch_tile = false;  // the first vector of a new tile
};

// An activation on its way through a row.
struct ActivationRegister {
  bool valid = false;
  int32_t value = 0;  // a byte, extended to nine bits
  VectorTag tag;
};

// A weight on its way down a column.
struct WeightRegister {
  uint8_t value = 0;
  bool used = false;  // holds a weight, not padding
};

struct SumRegister {
  bool valid = false;
  int32_t value = 0;
  VectorTag tag;
};

class SystolicArray {
 public:
  explicit SystolicArray(int size);

  // One clock cycle. `activations`: the vector that enters the delay lines at the left, `weights`: the row of weights
  // that enters them at the top (neither valid nor used where nothing enters), `last_weights`: whether it is the tile's
  // last row, so that the columns load when it is in place.
  void Clock(const std::vector<ActivationRegister>& activations, const std::vector<WeightRegister>& weights,
             bool last_weights);

  // What leaves each column at the bottom, after the last Clock.
  const SumRegister& Bottom(int column) const { return elements_[(size_ - 1) * size_ + column].sum; }
  // How many elements worked on a weight in the last Clock.
  int64_t useful_macs() const { return useful_macs_; }

 private:
  struct Element {
    ActivationRegister activation;
    SumRegister sum;
    WeightRegister passing, shadow, active;
  };

  void ClockElement(int row, int column, const ActivationRegister& left, const WeightRegister& above, bool load);

  const int size_;
  std::vector<Element> elements_, former_;                 // row-major; former_: before the clock edge
  std::vector<std::deque<ActivationRegister>> row_delay_;  // row i: i registers
  std::vector<std::deque<WeightRegister>> column_delay_;   // column j: j registers
  std::deque<bool> load_delay_;                            // size registers: column j loads on the j-th
  int64_t useful_macs_ = 0;
};

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_SYSTOLIC_ARRAY_H_
