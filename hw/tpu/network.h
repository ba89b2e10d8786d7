// A network as the TPU's compiler takes it: layers of matrices and of element-wise products and sums, with or without
// their numbers.
#ifndef ESPALIER_HW_TPU_NETWORK_H_
#define ESPALIER_HW_TPU_NETWORK_H_

#include <string>
#include <vector>

#include "hw/matrix_engine.h"
#include "hw/tpu/program.h"

namespace espalier::tpu {

// Where a layer's inputs come from.
struct Source {
  static constexpr int kNetworkInput = -1;
  int layer = kNetworkInput;
  bool previous_repetition = false;  // its outputs of one repetition ago, zero in the first: a recurrence
};

struct Layer {
  enum class Kind {
    kMatrix,   // dense, or a convolution over the images of its sources
    kProduct,  // element-wise, of two sources
    kSum,
  };

  std::string name;
  Kind kind = Kind::kMatrix;
  // Their columns (channels) one after another, each padded to whole tiles by itself. Empty: the layer before.
  std::vector<Source> sources;
  int64_t outputs = 0;  // columns
  int kernel_height = 1, kernel_width = 1, stride = 1, pad = 0;
  Pool pool;  // its kernel, stride and pad

  // [outputs, input columns * kernel_height * kernel_width] in the column order of IntegerMatrix. nullptr: the layer is
  // timed only, like all others then. It must outlive compilation.
  const IntegerMatrix* matrix = nullptr;
  bool wide_weights = false;  // 16 bits: of a layer without a matrix
  Requantization requantization;
  Nonlinearity nonlinearity = Nonlinearity::kNone;
  int input_fraction = 0, output_fraction = 0;
  ActivationType type = ActivationType::kSigned8;
};

struct Network {
  int64_t batch = 1;
  int height = 1, width = 1;  // of input images
  int64_t columns = 0;        // of the input: its channels
  ActivationType type = ActivationType::kSigned8;
  std::vector<Layer> layers;
  int repetitions = 1;  // batches, or steps of a recurrent network
  // The next input is not known before the host has the last output, as in a network that decodes. Else inputs are read
  // a batch ahead.
  bool waits_for_host = false;
  // Inputs lie in the unified buffer at the beginning and outputs stay there: a layer in the midst of others.
  bool resident = false;
  // Bytes that travel with each input and output beyond their own.
  int64_t extra_input_bytes = 0, extra_output_bytes = 0;
};

// The images [height, width] of columns that a layer gives.
struct LayerShape {
  int conv_height = 1, conv_width = 1;  // before pooling
  int height = 1, width = 1;
  int64_t columns = 0;
  ActivationType type = ActivationType::kSigned8;
};

// The shape of the network's input.
LayerShape InputShape(const Network& network);

// Each layer's. InvalidArgument: the layer, what was expected, what was found.
absl::StatusOr<std::vector<LayerShape>> InferShapes(const Network& network);

// The layer's sources, with the default filled in.
std::vector<Source> SourcesOf(const Network& network, int layer);

}  // namespace espalier::tpu

#endif  // ESPALIER_HW_TPU_NETWORK_H_
