#include "hw/tpu/systolic_array.h"

namespace espalier::tpu {
namespace {

// Enters one end of a line of registers and gives what leaves the other; a line of none is a wire.
template <typename T>
T Delay(std::deque<T>* line, const T& value) {
  line->push_back(value);
  const T out = line->front();
  line->pop_front();
  return out;
}

}  // namespace

SystolicArray::SystolicArray(int size) : size_(size), elements_(int64_t{size} * size), load_delay_(size) {
  for (int i = 0; i < size; ++i) {
    row_delay_.emplace_back(i);
    column_delay_.emplace_back(i);
  }
}

void SystolicArray::Clock(const std::vector<ActivationRegister>& activations,
                          const std::vector<WeightRegister>& weights, bool last_weights) {
  former_ = elements_;
  useful_macs_ = 0;
  // The last row of weights enters column 0 now, and its row 0 is where it belongs: the column loads in this cycle.
  load_delay_.push_front(last_weights);
  load_delay_.pop_back();
  for (int row = 0; row < size_; ++row) {
    ActivationRegister left = Delay(&row_delay_[row], activations[row]);
    for (int column = 0; column < size_; ++column) {
      ClockElement(
          row, column, left,
          row == 0 ? Delay(&column_delay_[column], weights[column]) : former_[(row - 1) * size_ + column].passing,
          load_delay_[column]);
      left = former_[row * size_ + column].activation;
    }
  }
}

void SystolicArray::ClockElement(int row, int column, const ActivationRegister& left, const WeightRegister& above,
                                 bool load) {
  const Element& before = former_[row * size_ + column];
  Element& element = elements_[row * size_ + column];
  element.activation = left;
  element.passing = above;
  element.sum.valid = left.valid;
  if (left.valid) {
    if (left.tag.switch_tile) element.active = before.shadow;
    const uint8_t byte = element.active.value;
    const int32_t weight = left.tag.unsigned_weights ? byte : static_cast<int8_t>(byte);
    const int32_t above_sum = row == 0 ? 0 : former_[(row - 1) * size_ + column].sum.value;
    element.sum.value = above_sum + left.value * weight;
    element.sum.tag = left.tag;
    useful_macs_ += element.active.used;
  }
  if (load) element.shadow = above;
}

}  // namespace espalier::tpu
