// What the data pipeline costs: one thread preparing batches of 128, and the loader with a thread of its own.
//
//   bazel run //tests/benchmarks:loader_benchmark
#include <benchmark/benchmark.h>
#include <google/protobuf/text_format.h>

#include <cstdlib>
#include <string>

#include "data/loader.h"
#include "glog/logging.h"

namespace espalier {
namespace {

constexpr int kBatchSize = 128;

// Pictures of CIFAR's size, cropped and flipped as ResNet-20's training does.
constexpr char kCifarLike[] =
    "builtin_shapes { samples: 10000 } augment { random_crop { size: 32 pad: 4 } random_flip {} }";
constexpr char kMnistLike[] = "builtin_digits { samples: 10000 }";
constexpr char kJpegs[] =
    "image_folder { folder: 'cifar10-images/test' size: 32 } augment { random_crop { size: 32 pad: 4 } random_flip {} "
    "}";

void ReadBatches(benchmark::State& state, const char* text, int threads) {
  Dataset dataset;
  CHECK(google::protobuf::TextFormat::ParseFromString(text, &dataset));
  LoaderOptions options;
  options.batch_size = kBatchSize;
  options.threads = threads;
  if (const char* data_dir = std::getenv("ESPALIER_DATA_DIR")) options.data_dir = data_dir;
  auto loader = Loader::Create(dataset, options);
  if (!loader.ok()) {
    state.SkipWithError(loader.status().ToString().c_str());
    return;
  }
  // The first epoch draws the built-in pictures.
  for (int64_t i = 0; i < (*loader)->batches_per_epoch(); ++i) CHECK((*loader)->Next().ok());
  for (auto _ : state) {
    const auto batch = (*loader)->Next();
    CHECK(batch.ok()) << batch.status();
    benchmark::DoNotOptimize((*batch)->images.data<float>()[0]);
  }
  state.SetItemsProcessed(state.iterations() * kBatchSize);
}

BENCHMARK_CAPTURE(ReadBatches, cifar_crop_flip, kCifarLike, 0)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ReadBatches, mnist, kMnistLike, 0)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ReadBatches, jpeg_crop_flip, kJpegs, 0)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ReadBatches, cifar_crop_flip_own_thread, kCifarLike, 1)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
}  // namespace espalier

BENCHMARK_MAIN();
