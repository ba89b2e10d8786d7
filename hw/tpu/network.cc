#include "hw/tpu/network.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/status.h"
#include "hw/tpu/activation.h"

namespace espalier::tpu {
namespace {

absl::Status Error(const Layer& layer, const std::string& expected, int64_t found) {
  return absl::InvalidArgumentError(absl::StrCat("layer ", layer.name, ": expected ", expected, ", found ", found));
}

// All sources together, as one image.
absl::StatusOr<LayerShape> JoinSources(const Network& network, const std::vector<LayerShape>& shapes, int index) {
  const Layer& layer = network.layers[index];
  LayerShape joined;
  for (const Source& source : SourcesOf(network, index)) {
    const int limit = source.previous_repetition ? static_cast<int>(network.layers.size()) : index;
    if (source.layer < Source::kNetworkInput || source.layer >= limit) {
      return Error(layer, absl::StrCat("a source from -1 to ", limit - 1), source.layer);
    }
    if (source.layer == Source::kNetworkInput && source.previous_repetition) {
      return Error(layer, "a layer as the source of a recurrence", source.layer);
    }
    const LayerShape shape = source.layer < 0 ? InputShape(network) : shapes[source.layer];
    if (joined.columns == 0) {
      joined = shape;
      continue;
    }
    if (shape.height != joined.height || shape.width != joined.width) {
      return Error(layer, absl::StrCat("sources of ", joined.height, " x ", joined.width), shape.height);
    }
    if (shape.type != joined.type) return Error(layer, "sources of one type", static_cast<int>(shape.type));
    joined.columns += shape.columns;
  }
  return joined;
}

// The largest magnitude that a row's products can add up to: what the accumulators hold. Biases are added later.
int64_t LargestProducts(const IntegerMatrix& matrix) {
  int64_t largest = 0;
  for (int64_t r = 0; r < matrix.rows; ++r) {
    int64_t positive = 0, negative = 0;
    for (int64_t c = 0; c < matrix.columns; ++c) {
      const int64_t weight = matrix.weights[r * matrix.columns + c];
      const auto [least, greatest] = std::minmax({weight * matrix.input_minimum, weight * matrix.input_maximum});
      positive += std::max<int64_t>(greatest, 0);
      negative -= std::min<int64_t>(least, 0);
    }
    largest = std::max({largest, positive, negative});
  }
  return largest;
}

absl::Status CheckMatrix(const Layer& layer, int64_t inputs, ActivationType type) {
  const IntegerMatrix& matrix = *layer.matrix;
  if (matrix.rows != layer.outputs) return Error(layer, absl::StrCat(layer.outputs, " rows"), matrix.rows);
  if (matrix.columns != inputs) return Error(layer, absl::StrCat(inputs, " columns"), matrix.columns);
  const auto weights = static_cast<int64_t>(matrix.weights.size());
  if (weights != inputs * layer.outputs) return Error(layer, absl::StrCat(inputs * layer.outputs, " weights"), weights);
  const auto biases = static_cast<int64_t>(matrix.bias.size());
  if (biases != layer.outputs) return Error(layer, absl::StrCat(layer.outputs, " biases"), biases);
  const ValueRange range = RangeOf(type);
  if (matrix.input_minimum < range.least || matrix.input_maximum > range.greatest) {
    return Error(layer, absl::StrCat("inputs from ", range.least, " to ", range.greatest),
                 matrix.input_minimum < range.least ? matrix.input_minimum : matrix.input_maximum);
  }
  const int64_t largest = LargestProducts(matrix);
  if (largest > INT32_MAX) return Error(layer, "sums of 32 bits", largest);
  if (layer.requantization.multiplier.empty()) return Error(layer, "a requantization", 0);
  return absl::OkStatus();
}

absl::Status CheckRequantization(const Layer& layer) {
  const Requantization& requantization = layer.requantization;
  for (const auto count : {requantization.multiplier.size(), requantization.shift.size()}) {
    if (count > 1 && static_cast<int64_t>(count) != layer.outputs) {
      return Error(layer, absl::StrCat("one requantization or ", layer.outputs), static_cast<int64_t>(count));
    }
  }
  if (requantization.multiplier.empty() != requantization.shift.empty()) {
    return Error(layer, "multipliers and shifts", static_cast<int64_t>(requantization.shift.size()));
  }
  for (const int32_t multiplier : requantization.multiplier) {
    if (multiplier == 0 || multiplier == INT32_MIN) return Error(layer, "multipliers of 31 bits but 0", multiplier);
  }
  for (const int shift : requantization.shift) {
    if (shift < 0 || shift > 62) return Error(layer, "shifts from 0 to 62", shift);
  }
  return absl::OkStatus();
}

absl::StatusOr<LayerShape> InferShape(const Layer& layer, const LayerShape& input, size_t source_count) {
  LayerShape shape = input;
  shape.type = layer.type;
  if (layer.outputs < 1) return Error(layer, "at least one output", layer.outputs);
  shape.columns = layer.outputs;
  if (layer.kind == Layer::Kind::kMatrix) {
    if (layer.stride < 1) return Error(layer, "a stride of at least 1", layer.stride);
    if (layer.pad < 0) return Error(layer, "a pad of at least 0", layer.pad);
    for (const int kernel : {layer.kernel_height, layer.kernel_width}) {
      if (kernel < 1 || kernel > 16) return Error(layer, "kernels from 1 to 16", kernel);
    }
    const int height = input.height + 2 * layer.pad - layer.kernel_height;
    const int width = input.width + 2 * layer.pad - layer.kernel_width;
    if (height < 0 || width < 0) return Error(layer, "a window within the image", std::min(height, width));
    shape.height = height / layer.stride + 1;
    shape.width = width / layer.stride + 1;
  } else {
    if (source_count != 2) return Error(layer, "two sources", static_cast<int64_t>(source_count));
    if (input.columns != 2 * layer.outputs) return Error(layer, "sources as wide as the outputs", input.columns);
  }
  shape.conv_height = shape.height;
  shape.conv_width = shape.width;
  if (layer.pool.kernel > 0) {
    Pool pool = layer.pool;
    pool.height = shape.height;
    pool.width = shape.width;
    if (pool.stride < 1 || pool.pad < 0 || 2 * pool.pad > pool.kernel ||
        pool.kernel > std::min(shape.height, shape.width) + 2 * pool.pad) {
      return Error(layer, "a pool within the image, padded by at most half its kernel", pool.kernel);
    }
    shape.height = pool.OutHeight();
    shape.width = pool.OutWidth();
  }
  if (layer.matrix != nullptr) {
    RETURN_IF_ERROR(CheckMatrix(layer, input.columns * layer.kernel_height * layer.kernel_width, input.type));
  }
  RETURN_IF_ERROR(CheckRequantization(layer));
  return shape;
}

}  // namespace

LayerShape InputShape(const Network& network) {
  return {network.height, network.width, network.height, network.width, network.columns, network.type};
}

std::vector<Source> SourcesOf(const Network& network, int layer) {
  if (!network.layers[layer].sources.empty()) return network.layers[layer].sources;
  return {Source{layer - 1}};
}

absl::StatusOr<std::vector<LayerShape>> InferShapes(const Network& network) {
  if (network.batch < 1 || network.height < 1 || network.width < 1 || network.columns < 1 || network.repetitions < 1 ||
      network.layers.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("network: expected at least one of each, found batch ",
                                                   network.batch, ", ", network.height, " x ", network.width,
                                                   " pixels, ", network.columns, " columns, ", network.repetitions,
                                                   " repetitions, ", network.layers.size(), " layers"));
  }
  std::vector<LayerShape> shapes;
  // What a recurrence reads is a vector of the layer's outputs, whichever comes first.
  for (const Layer& layer : network.layers) shapes.push_back({1, 1, 1, 1, layer.outputs, layer.type});
  std::vector<bool> recurs(shapes.size());
  for (size_t l = 0; l < shapes.size(); ++l) {
    ASSIGN_OR_RETURN(const LayerShape input, JoinSources(network, shapes, static_cast<int>(l)));
    const std::vector<Source> sources = SourcesOf(network, static_cast<int>(l));
    ASSIGN_OR_RETURN(shapes[l], InferShape(network.layers[l], input, sources.size()));
    for (const Source& source : sources) {
      if (source.previous_repetition) recurs[source.layer] = true;
    }
  }
  for (size_t l = 0; l < shapes.size(); ++l) {
    const int pixels = shapes[l].height * shapes[l].width;
    if (recurs[l] && pixels != 1) return Error(network.layers[l], "vectors where a recurrence reads", pixels);
  }
  return shapes;
}

}  // namespace espalier::tpu
