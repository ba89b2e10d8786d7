// A trained network in integers, as accelerators run it: matrices of weights in fixed point, activations in fixed
// point, and between them rectifiers, pools and sums. The plain twin of every emulated accelerator: their outputs must
// equal this network's bit for bit.
#ifndef ESPALIER_HW_INTEGER_NETWORK_H_
#define ESPALIER_HW_INTEGER_NETWORK_H_

#include <cstdint>
#include <string>
#include <vector>

namespace espalier {

// The weights of a dense layer, or of a group of a convolution that is lowered: a row for each output channel, a column
// for each input of the sum. Column order of a convolution: input channel, then kernel row, then kernel column.
struct IntegerMatrix {
  std::string name;  // the layer's: "conv1", "conv2/group1"
  int64_t rows = 0, columns = 0;
  std::vector<int16_t> weights;  // row-major
  // Of shared weights: weights[i] == codebook[codes[i]], codebook[0] == 0. Empty: each weight is its own.
  std::vector<uint8_t> codes;
  std::vector<int16_t> codebook;
  std::vector<int32_t> bias;  // a row each, in the units of the sum: weight unit * input unit
};

// How sums become activations again: clamp(round_half_up(sum * multiplier[row] / 2^shift[row])). With one entry it is
// all rows'. A power-of-two fixed point has multiplier 1.
struct Requantization {
  std::vector<int32_t> multiplier;   // [1, 2^31)
  std::vector<int> shift;            // [0, 62]
  int32_t minimum = 0, maximum = 0;  // 0 as minimum is a rectifier
};

// Multiplies matrices for a network. Implementations: plain integers (hw/integer_network.cc), EIE, TPU.
class MatrixEngine {
 public:
  virtual ~MatrixEngine() = default;
  // `inputs`: [batch, columns] activations. `outputs`: [batch, rows], requantized.
  virtual void Multiply(const IntegerMatrix& matrix, const Requantization& requantization, const int16_t* inputs,
                        int64_t batch, int16_t* outputs) = 0;
};

}  // namespace espalier

#endif  // ESPALIER_HW_INTEGER_NETWORK_H_
