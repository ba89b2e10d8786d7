// The evaluation graph as accelerators see it: a list of layers, each with what belongs to it. A batch norm and a
// rectifier are part of the convolution before them; a dropout, a reshape and the softmax at the end are nothing.
#ifndef ESPALIER_HW_INFERENCE_NETWORK_H_
#define ESPALIER_HW_INFERENCE_NETWORK_H_

#include <string>
#include <vector>

#include "core/graph.h"
#include "core/ops/convolution.h"
#include "core/ops/pool.h"
#include "proto/model.pb.h"

namespace espalier {

enum class InferenceKind { kConvolution, kDense, kMaxPool, kAveragePool, kAdd, kConcat, kRelu };

// "convolution", "dense", "max pool", ...
absl::string_view Name(InferenceKind kind);

struct InferenceLayer {
  InferenceKind kind = InferenceKind::kDense;
  std::string name;                 // of the layer that does the work: "conv1"
  std::vector<ValueId> inputs;      // activations
  std::vector<Shape> input_shapes;  // as this layer sees them, of a sample: a reshape may stand between
  ValueId output = kNoValue;
  bool relu = false;  // max(., 0) at the end

  // Of a convolution or dense layer: parameters [K, ...] and [K]; then, if scale is set, the batch norm's.
  ValueId weight = kNoValue, bias = kNoValue;
  ValueId scale = kNoValue, shift = kNoValue, mean = kNoValue, variance = kNoValue;
  float epsilon = 0;
  ConvolutionAttributes convolution;
  PoolAttributes pool;  // an average over space is a pool with the whole input as its kernel
  int axis = 0;         // of a concatenation
};

struct InferenceNetwork {
  Graph graph;
  ValueId input = kNoValue;            // [batch, ...]
  ValueId output = kNoValue;           // the logits, [batch, classes]
  std::vector<InferenceLayer> layers;  // in an order of execution

  // The input, and the output of each layer in order.
  std::vector<ValueId> Activations() const;
  // An activation's name in reports and packages: the model's input, or the layer that gives it out ("conv1/relu1").
  std::string ActivationName(ValueId activation) const;
  Shape SampleShape(ValueId value) const;  // without the batch
};

// Builds the model's evaluation graph and finds its layers. InvalidArgument where the model has not one input and a
// vector as output, or has a layer that integers do not do, which the error names.
absl::StatusOr<InferenceNetwork> BuildInferenceNetwork(const Model& model, int64_t batch_size);

}  // namespace espalier

#endif  // ESPALIER_HW_INFERENCE_NETWORK_H_
