#include "compression/package/testing/random_package.h"

#include <google/protobuf/text_format.h>

#include <cstring>

#include "compression/package/network_tensors.h"
#include "glog/logging.h"

namespace espalier {
namespace {

constexpr char kModel[] = R"(
    name: "tiny"
    input { name: "image" dims: [2, 6, 6] }
    layer { conv { channels: 6 kernel: 3 bias: false } }
    layer { batch_norm {} }
    layer { relu {} }
    layer { dense { channels: 5 } })";

FloatValues RandomFloats(int64_t elements, Random* random) {
  FloatValues floats;
  floats.dtype = std::vector<DType>{DType::kF32, DType::kF16, DType::kBF16}[random->Below(3)];
  const double density = random->Uniform();
  for (int64_t i = 0; i < elements; ++i) {
    float value = random->Uniform() < density ? random->Normal() : 0;
    if (random->Below(20) == 0) value = -0.0f;
    if (floats.dtype == DType::kF16) value = ToFloat(ToFloat16(value));
    if (floats.dtype == DType::kBF16) value = ToFloat(ToBFloat16(value));
    floats.values.push_back(value);
  }
  return floats;
}

IntegerValues RandomIntegers(const Shape& shape, Random* random) {
  IntegerValues integers;
  integers.bits = random->Below(2) == 0 ? 8 : 16;
  integers.scales.resize(random->Below(2) == 0 && shape.rank() > 0 ? shape[0] : 1);
  for (float& scale : integers.scales) scale = random->Uniform(0.001f, 0.1f);
  const double density = random->Uniform();
  for (int64_t i = 0; i < shape.elements(); ++i) {
    const int bound = 1 << integers.bits;
    const int value = random->Uniform() < density ? static_cast<int>(random->Below(bound)) - bound / 2 : 0;
    integers.values.push_back(static_cast<int16_t>(value));
  }
  return integers;
}

}  // namespace

SharedValues RandomShared(int64_t elements, double density, int codebook, Random* random) {
  SharedValues shared;
  shared.codebook = {0};
  while (static_cast<int>(shared.codebook.size()) < codebook) shared.codebook.push_back(random->Uniform(0.1f, 1.0f));
  for (int64_t i = 0; i < elements; ++i) {
    const bool kept = random->Uniform() < density && codebook > 1;
    shared.codes.push_back(static_cast<uint8_t>(kept ? 1 + random->Below(codebook - 1) : 0));
  }
  return shared;
}

std::vector<PackedTensor> RandomTensors(const Model& model, Random* random) {
  const absl::StatusOr<std::vector<NetworkTensor>> network = NetworkTensors(model);
  CHECK(network.ok()) << network.status();
  std::vector<PackedTensor> tensors;
  for (const NetworkTensor& expected : *network) {
    PackedTensor tensor;
    tensor.name = expected.name;
    tensor.shape = expected.shape;
    tensor.is_state = expected.is_state;
    const int64_t elements = tensor.shape.elements();
    switch (random->Below(4)) {
      case 0:
        tensor.values = ConstantValue{random->Normal()};
        break;
      case 1:
        tensor.values = RandomFloats(elements, random);
        break;
      case 2:
        tensor.values = RandomIntegers(tensor.shape, random);
        break;
      default:
        tensor.values = RandomShared(elements, random->Uniform(), 1 + random->Below(256), random);
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Model TinyModel() {
  Model model;
  CHECK(google::protobuf::TextFormat::ParseFromString(kModel, &model));
  return model;
}

Package RandomPackage(uint64_t seed) {
  Random random(seed, "package", 0, 0);
  Package package;
  *package.info.mutable_model() = TinyModel();
  package.info.set_top1(random.Uniform());
  package.tensors = RandomTensors(package.info.model(), &random);
  return package;
}

std::vector<std::vector<uint32_t>> EffectiveBits(const Package& package) {
  std::vector<std::vector<uint32_t>> all;
  for (const PackedTensor& tensor : package.tensors) {
    std::vector<float> values(tensor.shape.elements());
    EffectiveValues(tensor, values.data());
    std::vector<uint32_t>& bits = all.emplace_back(values.size());
    std::memcpy(bits.data(), values.data(), values.size() * sizeof(float));
  }
  return all;
}

}  // namespace espalier
