#include "hw/integer_network.h"

#include <algorithm>
#include <utility>

#include "hw/integer_kernels.h"

namespace espalier {
namespace {

LoweredConvolution Lower(const IntegerLayer& layer, const Shape& output) {
  return {layer.convolution, layer.kernel_h, layer.kernel_w, layer.input_shapes[0], output};
}

PoolGeometry GeometryOf(const IntegerLayer& layer, const Shape& output, int64_t batch) {
  const Shape& input = layer.input_shapes[0];
  // An average over the whole space leaves no space.
  const bool flat = output.rank() == 1;
  return {layer.pool, batch * input[0], input[1], input[2], flat ? 1 : output[1], flat ? 1 : output[2]};
}

void Convolve(const IntegerLayer& layer, const Shape& output, int64_t batch, MatrixEngine* engine, const int16_t* x,
              int16_t* y) {
  const LoweredConvolution convolution = Lower(layer, output);
  const int64_t vectors = batch * convolution.positions();
  std::vector<int16_t> columns(vectors * convolution.columns()), sums(vectors * convolution.rows());
  for (size_t group = 0; group < layer.matrices.size(); ++group) {
    LowerImages(convolution, static_cast<int64_t>(group), x, batch, columns.data());
    engine->Multiply(layer.matrices[group], layer.requantizations[group], columns.data(), vectors, sums.data());
    RaiseRows(convolution, static_cast<int64_t>(group), sums.data(), batch, y);
  }
}

void Concatenate(const IntegerLayer& layer, const Shape& output, int64_t batch,
                 const std::vector<const int16_t*>& inputs, int16_t* y) {
  const int axis = layer.axis - 1;  // shapes are without the batch
  const int64_t blocks = batch * output.Product(0, axis), stride = output.Product(axis, output.rank());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const int64_t block = layer.input_shapes[i].Product(axis, layer.input_shapes[i].rank());
    CopyRescaled(inputs[i], layer.rescale, static_cast<int64_t>(i), blocks, block, stride, y);
    y += block;
  }
}

}  // namespace

IntegerNetwork::IntegerNetwork(IntegerFormat format, std::vector<IntegerActivation> activations,
                               std::vector<IntegerLayer> layers, int output)
    : format_(format), activations_(std::move(activations)), layers_(std::move(layers)), output_(output) {
  last_reader_.assign(activations_.size(), -1);
  for (size_t i = 0; i < layers_.size(); ++i) {
    for (int input : layers_[i].inputs) last_reader_[input] = static_cast<int>(i);
  }
}

void IntegerNetwork::RunLayer(const IntegerLayer& layer, int64_t batch, MatrixEngine* engine, Values* values) const {
  const IntegerActivation& to = activations_[layer.output];
  std::vector<const int16_t*> inputs;
  for (int input : layer.inputs) inputs.push_back((*values)[input].data());
  (*values)[layer.output].resize(batch * to.shape.elements());
  int16_t* y = (*values)[layer.output].data();
  switch (layer.kind) {
    case InferenceKind::kConvolution:
      return Convolve(layer, to.shape, batch, engine, inputs[0], y);
    case InferenceKind::kDense:
      return engine->Multiply(layer.matrices[0], layer.requantizations[0], inputs[0], batch, y);
    case InferenceKind::kMaxPool:
      return MaxPool(GeometryOf(layer, to.shape, batch), to.limits, inputs[0], y);
    case InferenceKind::kAveragePool:
      return AveragePool(GeometryOf(layer, to.shape, batch), layer.rescale, inputs[0], y);
    case InferenceKind::kAdd:
      return AddRescaled(inputs, layer.rescale, batch * to.shape.elements(), y);
    case InferenceKind::kConcat:
      return Concatenate(layer, to.shape, batch, inputs, y);
    case InferenceKind::kRelu:
      return CopyRescaled(inputs[0], layer.rescale, 0, batch, to.shape.elements(), to.shape.elements(), y);
  }
}

IntegerLogits IntegerNetwork::Run(const float* images, int64_t batch, MatrixEngine* engine, Values* trace) const {
  Values values(activations_.size());
  const IntegerActivation& input = activations_[0];
  values[0].resize(batch * input.shape.elements());
  std::transform(images, images + values[0].size(), values[0].begin(),
                 [&](float value) { return ToInteger(value, input.unit, input.limits); });
  for (size_t i = 0; i < layers_.size(); ++i) {
    RunLayer(layers_[i], batch, engine, &values);
    if (trace != nullptr) continue;
    for (int read : layers_[i].inputs) {
      if (last_reader_[read] == static_cast<int>(i) && read != output_) std::vector<int16_t>().swap(values[read]);
    }
  }
  IntegerLogits logits;
  logits.values = values[output_];
  logits.unit = activations_[output_].unit;
  for (int64_t b = 0; b < batch; ++b) {
    const auto row = logits.values.begin() + b * classes();
    logits.top1.push_back(static_cast<int32_t>(std::max_element(row, row + classes()) - row));
  }
  if (trace != nullptr) *trace = std::move(values);
  return logits;
}

}  // namespace espalier
