// Bytes per second that the optimizer's passes move, beside those of plain loops over the same arenas, measured turn by
// turn in one run:
//   bazel run //tests/benchmarks:optimizer_benchmark -- --parameters 60000000
// An update moves, per parameter, the weight and every slot in and out and the gradient in; its measure is the loop
// w[i] = 0.5 w[i] + g[i]. The gradients' norm only reads; its measure is a plain sum. A copy is shown for comparison
// (its stores also read the line that they overwrite, which is not counted). The best of --rounds counts.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/str_format.h"
#include "core/parameters.h"
#include "core/tensor.h"
#include "glog/logging.h"
#include "google/protobuf/text_format.h"
#include "optim/optimizer.h"
#include "proto/optimizer.pb.h"

ABSL_FLAG(int64_t, parameters, 60000000, "how many weights");
ABSL_FLAG(int, rounds, 7, "measurements of each pass");

namespace espalier {
namespace {

constexpr const char* kRules[] = {
    "sgd { momentum: 0 }",
    "sgd { momentum: 0.9 weight_decay: 5e-4 }",
    "sgd { momentum: 0.9 nesterov: true weight_decay: 5e-4 }",
    "adam {}",
    "adamw {}",
    "rmsprop {}",
    "rmsprop { momentum: 0.9 }",
    "adagrad {}",
};

struct Pass {
  std::string name;
  double bytes;
  int measure;  // index of the pass that it is compared with
  std::function<void()> run;
  double best_seconds = 1e9;

  double Rate() const { return bytes / best_seconds; }
};

Tensor Filled(int64_t elements, float value) {
  Tensor tensor(DType::kF32, {elements});
  std::fill_n(tensor.data<float>(), elements, value);
  return tensor;
}

// Calls work(begin, end) on all threads for ranges that together are [0, elements).
template <typename Work>
void InParallel(int64_t elements, Work work) {
  constexpr int64_t kBlock = 1 << 14;
#pragma omp parallel for schedule(static)
  for (int64_t begin = 0; begin < elements; begin += kBlock) work(begin, std::min(begin + kBlock, elements));
}

void Copy(float* to, const float* from, int64_t elements) {
  InParallel(elements, [=](int64_t begin, int64_t end) { std::copy(from + begin, from + end, to + begin); });
}

void Decay(float* w, const float* g, int64_t elements) {
  InParallel(elements, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) w[i] = 0.5f * w[i] + g[i];
  });
}

// Integers, so that the compiler may add them in any order.
void Sum(const float* g, int64_t elements) {
  const uint32_t* bits = reinterpret_cast<const uint32_t*>(g);
  std::atomic<uint32_t> total{0};
  InParallel(elements, [=, &total](int64_t begin, int64_t end) {
    total += std::accumulate(bits + begin, bits + end, uint32_t{0});
  });
  CHECK_NE(total, 1u);
}

std::unique_ptr<ParameterOptimizer> MakeOptimizer(const std::string& rule, const ParameterLayout& layout) {
  Optimizer config;
  CHECK(google::protobuf::TextFormat::ParseFromString(rule, &config)) << rule;
  absl::StatusOr<std::unique_ptr<ParameterOptimizer>> optimizer = ParameterOptimizer::Create(config, layout);
  CHECK(optimizer.ok()) << optimizer.status();
  return *std::move(optimizer);
}

void Measure(Pass* pass) {
  const auto start = std::chrono::steady_clock::now();
  pass->run();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  pass->best_seconds = std::min(pass->best_seconds, elapsed.count());
}

void Run(int64_t parameters, int rounds) {
  ParameterLayout layout;
  layout.Add({"weight", {parameters}});
  const int64_t elements = layout.arena_elements();
  const Tensor weights = Filled(elements, 1), gradients = Filled(elements, 1e-3f);
  float* w = weights.data<float>();
  const float* g = gradients.data<float>();
  absl::PrintF("%-58s %8s %8s %10s\n", "pass", "ms", "GB/s", "of plain");
  for (const char* rule : kRules) {
    const std::unique_ptr<ParameterOptimizer> optimizer = MakeOptimizer(rule, layout);
    int64_t step = 0;
    const double element_bytes = static_cast<double>(elements) * sizeof(float);
    Pass passes[] = {
        {"copy", 2 * element_bytes, 1, [&] { Copy(w, g, elements); }},
        {"plain loop", 3 * element_bytes, 1, [&] { Decay(w, g, elements); }},
        {rule, (3 + 2 * optimizer->slot_count()) * element_bytes, 1,
         [&] {
           optimizer->Step(w, g, {1e-3, 1, ++step});
         }},
        {"plain sum", element_bytes, 3, [&] { Sum(g, elements); }},
        {"norm", element_bytes, 3, [&] { CHECK(optimizer->MeasureGradients(g).finite()); }},
    };
    for (int round = 0; round < rounds; ++round) {
      for (Pass& pass : passes) Measure(&pass);
    }
    for (const Pass& pass : passes) {
      absl::PrintF("%-58s %8.2f %8.2f %9.0f%%\n", pass.name, pass.best_seconds * 1e3, pass.Rate() * 1e-9,
                   100 * pass.Rate() / passes[pass.measure].Rate());
    }
  }
}

}  // namespace
}  // namespace espalier

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  espalier::Run(absl::GetFlag(FLAGS_parameters), absl::GetFlag(FLAGS_rounds));
}
