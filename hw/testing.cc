#include "hw/testing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/match.h"
#include "core/executor.h"
#include "core/random.h"
#include "glog/logging.h"
#include "hw/activation_statistics.h"
#include "layers/testing.h"

namespace espalier {
namespace {

float Draw(const std::string& name, const Shape& shape, Random* random) {
  if (absl::EndsWith(name, "/weight")) {
    return random->Normal() * std::sqrt(2.0f / static_cast<float>(shape.Product(1, shape.rank())));
  }
  if (absl::EndsWith(name, "/scale")) return (random->Below(3) == 0 ? -1.0f : 1.0f) * random->Uniform(0.5f, 1.5f);
  if (absl::EndsWith(name, "/variance")) return random->Uniform(0.3f, 2.0f);
  return random->Uniform(-0.5f, 0.5f);
}

PackedTensor RandomTensor(const std::string& name, const Shape& shape) {
  Random random(5, name, 0, 0);
  FloatValues values;
  for (int64_t i = 0; i < shape.elements(); ++i) values.values.push_back(Draw(name, shape, &random));
  return {name, shape, std::move(values)};
}

using Reals = std::vector<double>;

Reals ConvolveAll(const InferenceLayer& layer, const Shape& x_shape, const Shape& w, const std::vector<float>& weights,
                  const Shape& y_shape, int64_t batch, const Reals& x) {
  const ConvolutionAttributes& a = layer.convolution;
  const int64_t group_rows = w[0] / a.groups;
  Reals y;
  for (int64_t i = 0; i < batch * y_shape.elements(); ++i) {
    const int64_t column = i % y_shape[2], row = i / y_shape[2] % y_shape[1];
    const int64_t k = i / (y_shape[1] * y_shape[2]) % y_shape[0], image = i / y_shape.elements();
    double sum = 0;
    for (int64_t t = 0; t < w[1] * w[2] * w[3]; ++t) {
      const int64_t c = t / (w[2] * w[3]) + k / group_rows * w[1];
      const int64_t h = row * a.stride_h - a.pad_h + t / w[3] % w[2] * a.dilation_h;
      const int64_t v = column * a.stride_w - a.pad_w + t % w[3] * a.dilation_w;
      if (h < 0 || h >= x_shape[1] || v < 0 || v >= x_shape[2]) continue;
      sum += weights[k * w[1] * w[2] * w[3] + t] * x[((image * x_shape[0] + c) * x_shape[1] + h) * x_shape[2] + v];
    }
    y.push_back(sum);
  }
  return y;
}

Reals MultiplyAll(const Shape& w, const std::vector<float>& weights, int64_t batch, const Reals& x) {
  Reals y;
  for (int64_t i = 0; i < batch * w[0]; ++i) {
    double sum = 0;
    for (int64_t c = 0; c < w[1]; ++c) sum += weights[i % w[0] * w[1] + c] * x[i / w[0] * w[1] + c];
    y.push_back(sum);
  }
  return y;
}

// By the operator's own reference kernel, whose float sums of a few elements are near enough.
Reals PoolAll(const InferenceLayer& layer, const Shape& x_shape, int64_t batch, const Reals& x) {
  const PoolOp op(layer.pool, /*training=*/false);
  const Shape shape = {batch, x_shape[0], x_shape[1], x_shape[2]};
  const TensorType type = {DType::kF32, shape};
  const std::vector<TensorType> types = *op.InferTypes({type});
  const Tensor from(DType::kF32, shape), to(DType::kF32, types[0].shape);
  std::copy(x.begin(), x.end(), from.data<float>());
  op.Reference({from}, {to}, {});
  return Reals(to.data<float>(), to.data<float>() + to.elements());
}

Reals ConcatenateAll(const InferenceLayer& layer, const Shape& y_shape, int64_t batch,
                     const std::vector<Reals>& inputs) {
  Reals y(batch * y_shape.elements());
  const int axis = layer.axis - 1;
  const int64_t blocks = batch * y_shape.Product(0, axis), stride = y_shape.Product(axis, y_shape.rank());
  int64_t offset = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const int64_t block = layer.input_shapes[i].Product(axis, layer.input_shapes[i].rank());
    for (int64_t b = 0; b < blocks; ++b) {
      std::copy_n(inputs[i].begin() + b * block, block, y.begin() + b * stride + offset);
    }
    offset += block;
  }
  return y;
}

// Bias and batch norm, in place.
void Affine(const RandomNetwork& random, const InferenceLayer& layer, int64_t channels, Reals* y) {
  const int64_t pixels = static_cast<int64_t>(y->size()) / random.batch / channels;
  const std::vector<float> bias = random.Tensor(layer.bias), scale = random.Tensor(layer.scale);
  const std::vector<float> shift = random.Tensor(layer.shift), mean = random.Tensor(layer.mean);
  const std::vector<float> variance = random.Tensor(layer.variance);
  for (size_t i = 0; i < y->size(); ++i) {
    const size_t c = static_cast<int64_t>(i) / pixels % channels;
    if (!bias.empty()) (*y)[i] += bias[c];
    if (!scale.empty())
      (*y)[i] = ((*y)[i] - mean[c]) / std::sqrt(double{variance[c]} + layer.epsilon) * scale[c] + shift[c];
  }
}

}  // namespace

std::vector<float> RandomNetwork::Tensor(ValueId value) const {
  if (value == kNoValue) return {};
  const std::string& name = network.graph.value(value).name;
  const auto it =
      std::find_if(tensors.begin(), tensors.end(), [&](const PackedTensor& tensor) { return tensor.name == name; });
  CHECK(it != tensors.end()) << name;
  std::vector<float> values(it->shape.elements());
  EffectiveValues(*it, values.data());
  return values;
}

RandomNetwork MakeRandomNetwork(absl::string_view model, int64_t batch) {
  RandomNetwork random;
  random.batch = batch;
  absl::StatusOr<InferenceNetwork> network = BuildInferenceNetwork(ParseModel(model), batch);
  CHECK(network.ok()) << network.status();
  random.network = *std::move(network);
  const Graph& graph = random.network.graph;
  for (const Parameter& parameter : graph.parameters().parameters()) {
    random.tensors.push_back(RandomTensor(parameter.name, parameter.shape));
  }
  for (const State& state : graph.states()) {
    random.tensors.push_back(RandomTensor(state.name, graph.type(state.value).shape));
  }
  Random images(5, "images", 0, 0);
  random.images.resize(graph.type(random.network.input).shape.elements());
  for (float& value : random.images) value = images.Uniform(-1, 1);
  RunInFloat(&random);
  return random;
}

void RunInFloat(RandomNetwork* random) {
  std::vector<int> wanted(random->network.layers.size());
  std::iota(wanted.begin(), wanted.end(), 1);
  const auto executor = MakeFloatExecutor(random->network, random->tensors, wanted);
  CHECK(executor.ok()) << executor.status();
  const Value& input = random->network.graph.value(random->network.input);
  (*executor)->SetInput(input.name, Tensor::Of<float>(input.type.shape, random->images));
  (*executor)->Run({});
  random->values = {random->images};
  for (int index : wanted) {
    const absl::Span<float> values = (*executor)->Output("activation" + std::to_string(index)).span<float>();
    random->values.emplace_back(values.begin(), values.end());
  }
  random->activations.assign(random->values.size(), {});
  for (size_t i = 0; i < random->values.size(); ++i) random->activations[i].Add(random->values[i]);
}

std::vector<double> LayerInDouble(const RandomNetwork& random, size_t index,
                                  const std::vector<std::vector<double>>& inputs) {
  const InferenceLayer& layer = random.network.layers[index];
  const Shape output = random.network.SampleShape(layer.output);
  const std::vector<float> weights = random.Tensor(layer.weight);
  Reals y = inputs[0];
  if (layer.kind == InferenceKind::kConvolution) {
    y = ConvolveAll(layer, layer.input_shapes[0], random.network.graph.type(layer.weight).shape, weights, output,
                    random.batch, inputs[0]);
  } else if (layer.kind == InferenceKind::kDense) {
    y = MultiplyAll(random.network.graph.type(layer.weight).shape, weights, random.batch, inputs[0]);
  } else if (layer.kind == InferenceKind::kMaxPool || layer.kind == InferenceKind::kAveragePool) {
    y = PoolAll(layer, layer.input_shapes[0], random.batch, inputs[0]);
  } else if (layer.kind == InferenceKind::kAdd) {
    for (size_t i = 0; i < y.size(); ++i) y[i] += inputs[1][i];
  } else if (layer.kind == InferenceKind::kConcat) {
    y = ConcatenateAll(layer, output, random.batch, inputs);
  }
  if (!weights.empty()) Affine(random, layer, output[0], &y);
  for (double& value : y) value = layer.relu ? std::max(value, 0.0) : value;
  return y;
}

}  // namespace espalier
