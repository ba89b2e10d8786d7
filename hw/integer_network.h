// A trained network in integers, as accelerators run it: matrices of weights in fixed point, activations in fixed
// point, and between them rectifiers, pools and sums. With PlainMatrixEngine the plain twin of accelerators whose sums
// are exact, whose outputs must equal its bit for bit; an accelerator with other sums has a plain MatrixEngine of its
// own.
#ifndef ESPALIER_HW_INTEGER_NETWORK_H_
#define ESPALIER_HW_INTEGER_NETWORK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "core/shape.h"
#include "hw/inference_network.h"
#include "hw/integer_format.h"
#include "hw/matrix_engine.h"

namespace espalier {

// What flows between layers: integers q that stand for q * unit.
struct IntegerActivation {
  std::string name;  // as InferenceNetwork::ActivationName
  Shape shape;       // of a sample
  double unit = 1;
  IntegerLimits limits;
};

struct IntegerLayer {
  InferenceKind kind = InferenceKind::kDense;
  std::string name;
  std::vector<int> inputs;          // indices of activations
  std::vector<Shape> input_shapes;  // as this layer sees them, of a sample
  int output = 0;

  // Convolution (a matrix for each group) and dense (one matrix).
  std::vector<IntegerMatrix> matrices;
  std::vector<Requantization> requantizations;  // one for each matrix
  ConvolutionAttributes convolution;
  int64_t kernel_h = 1, kernel_w = 1;

  PoolAttributes pool;
  int axis = 0;  // of a concatenation, counted with the batch
  // How inputs come to the output's unit. Add: one factor for each input, with one shift: the sum of input * multiplier
  // is rounded once. Concat, relu: one for each input. Average pool: entry n - 1 for windows of divisor n. Max pool
  // compares and needs none: only the limits count.
  Requantization rescale;
};

// What a batch of samples came out as.
struct IntegerLogits {
  std::vector<int16_t> values;  // [batch, classes]
  double unit = 1;
  std::vector<int32_t> top1;  // [batch]: the class of the largest logit, the first of equals
};

class IntegerNetwork {
 public:
  // By activation: [batch, ...].
  using Values = std::vector<std::vector<int16_t>>;

  // `activations[0]` is the input, `activations[output]` the logits; layers in an order of execution.
  IntegerNetwork(IntegerFormat format, std::vector<IntegerActivation> activations, std::vector<IntegerLayer> layers,
                 int output);

  const IntegerFormat& format() const { return format_; }
  const std::vector<IntegerActivation>& activations() const { return activations_; }
  const std::vector<IntegerLayer>& layers() const { return layers_; }
  int64_t classes() const { return activations_[output_].shape.elements(); }

  // Runs `batch` images, f32 [batch, ...] of the input's shape. Every product of a matrix is the engine's; a
  // convolution gives it a row of inputs for each position of its output, image after image. With `trace`, that has all
  // activations afterwards, [batch, ...] each.
  IntegerLogits Run(const float* images, int64_t batch, MatrixEngine* engine, Values* trace = nullptr) const;

 private:
  void RunLayer(const IntegerLayer& layer, int64_t batch, MatrixEngine* engine, Values* values) const;

  IntegerFormat format_;
  std::vector<IntegerActivation> activations_;
  std::vector<IntegerLayer> layers_;
  int output_;
  std::vector<int> last_reader_;  // by activation: the last layer that reads it, -1: none
};

}  // namespace espalier

#endif  // ESPALIER_HW_INTEGER_NETWORK_H_
