// What packing and unpacking a network of AlexNet's size takes: 61 M weights, pruned and shared as in Deep Compression
// (Han et al. 2016, table 4): 11 % kept, codes of 8 bits in convolutions and 5 bits in dense layers.
//
//   bazel run //tests/benchmarks:package_benchmark
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "compression/package/ledger.h"
#include "compression/package/network_tensors.h"
#include "compression/package/package_file.h"
#include "core/random.h"
#include "glog/logging.h"
#include "proto/job_loader.h"

namespace espalier {
namespace {

const std::map<std::string, double>& KeptShares() {
  static const auto* kept =
      new std::map<std::string, double>{{"conv1", 0.84}, {"conv2", 0.38}, {"conv3", 0.35}, {"conv4", 0.37},
                                        {"conv5", 0.37}, {"fc6", 0.09},   {"fc7", 0.09},   {"fc8", 0.25}};
  return *kept;
}

// Normal weights, of which the largest are kept, in codes at even steps: codes near the threshold are the most
// frequent.
SharedValues PrunedWeights(int64_t elements, double kept, int bits, uint64_t seed) {
  const int half = (1 << bits) / 2 - 1;
  SharedValues shared;
  shared.codebook = {0};
  for (int i = 1; i <= 2 * half; ++i) {
    shared.codebook.push_back(0.01f * static_cast<float>(i <= half ? i - half - 1 : i - half));
  }
  shared.codes.resize(elements);
  for (int64_t i = 0; i < elements; ++i) {
    Random random(seed, "weights", 0, i);
    if (random.Uniform() >= kept) continue;
    const float magnitude = std::min(0.999f, std::abs(random.Normal()) / 4);
    const int step = static_cast<int>(magnitude * static_cast<float>(half));
    shared.codes[i] = static_cast<uint8_t>(random.Below(2) == 0 ? half - step : half + 1 + step);
  }
  return shared;
}

const Package& AlexNet() {
  static const Package* alexnet = [] {
    auto* package = new Package();
    const auto model = LoadModel("alexnet", {}, {"", "configs/models"});
    CHECK(model.ok()) << model.status();
    *package->info.mutable_model() = model->model;
    const absl::StatusOr<std::vector<NetworkTensor>> network = NetworkTensors(model->model);
    CHECK(network.ok()) << network.status();
    for (const NetworkTensor& tensor : *network) {
      PackedTensor packed{tensor.name, tensor.shape, ConstantValue{0}, tensor.is_state};
      const std::string layer = tensor.name.substr(0, tensor.name.find('/'));
      if (tensor.role == ParameterRole::kWeight) {
        const int bits = layer.substr(0, 2) == "fc" ? 5 : 8;
        packed.values = PrunedWeights(tensor.shape.elements(), KeptShares().at(layer), bits, package->tensors.size());
      }
      package->tensors.push_back(std::move(packed));
    }
    return package;
  }();
  return *alexnet;
}

std::string Encoded(const PackOptions& options) {
  const absl::StatusOr<std::string> bytes = EncodePackage(AlexNet(), options);
  CHECK(bytes.ok()) << bytes.status();
  return *bytes;
}

void Report(benchmark::State& state, const std::string& bytes) {
  state.counters["file_MB"] = static_cast<double>(bytes.size()) * 1e-6;
  state.counters["ratio"] = 4 * 60965224.0 / static_cast<double>(bytes.size());
}

void Pack(benchmark::State& state, PackOptions options) {
  AlexNet();
  std::string bytes;
  for (auto _ : state) bytes = Encoded(options);
  Report(state, bytes);
}

void Unpack(benchmark::State& state, PackOptions options) {
  const std::string bytes = Encoded(options);
  for (auto _ : state) {
    const absl::StatusOr<Package> package = DecodePackage(bytes);
    CHECK(package.ok()) << package.status();
    benchmark::DoNotOptimize(package->tensors.data());
  }
  Report(state, bytes);
}

// The effective values of the unpacked network, as evaluation needs them.
void Expand(benchmark::State& state) {
  int64_t elements = 0;
  for (const PackedTensor& tensor : AlexNet().tensors) elements = std::max(elements, tensor.shape.elements());
  std::vector<float> values(elements);
  for (auto _ : state) {
    for (const PackedTensor& tensor : AlexNet().tensors) EffectiveValues(tensor, values.data());
    benchmark::DoNotOptimize(values.data());
  }
}

void Explain(benchmark::State& state) {
  const std::string bytes = Encoded({});
  for (auto _ : state) CHECK(ExplainPackage(bytes).ok());
}

constexpr auto kUnit = benchmark::kMillisecond;
BENCHMARK_CAPTURE(Pack, smallest, PackOptions())->Unit(kUnit)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(Pack, index_4_bits, PackOptions{4, true})->Unit(kUnit)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(Unpack, smallest, PackOptions())->Unit(kUnit)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(Unpack, index_4_bits, PackOptions{4, true})->Unit(kUnit)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(Unpack, index_4_bits_raw, PackOptions{4, false})->Unit(kUnit)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(Expand)->Unit(kUnit)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(Explain)->Unit(kUnit)->UseRealTime()->MeasureProcessCPUTime();

}  // namespace
}  // namespace espalier

BENCHMARK_MAIN();
