// A loader in its stride allocates nothing.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "data/loader.h"

namespace {
std::atomic<int64_t> allocations{0};
}  // namespace

// Out of line: seen inside a caller, the pair of malloc and delete looks like a mistake to the compiler.
[[gnu::noinline]] void* operator new(size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace espalier {
namespace {

TEST(Loader, AllocatesNothingInItsStride) {
  Dataset dataset;
  dataset.mutable_builtin_shapes()->set_samples(200);
  dataset.mutable_augment()->mutable_random_crop()->set_size(32);
  dataset.mutable_augment()->mutable_random_crop()->set_pad(4);
  dataset.mutable_augment()->mutable_random_flip();
  dataset.mutable_augment()->mutable_color_jitter()->set_contrast(0.2f);
  LoaderOptions options;
  options.batch_size = 20;
  for (int threads : {0, 1, 3}) {
    options.threads = threads;
    auto loader = Loader::Create(dataset, options);
    ASSERT_TRUE(loader.ok()) << loader.status();
    // Each thread grows its buffers at its first samples, whenever the system lets it run.
    int64_t grown = -1;
    for (int attempt = 0; attempt < 20 && grown != 0; ++attempt) {
      const int64_t before = allocations;
      for (int i = 0; i < 50; ++i) ASSERT_TRUE((*loader)->Next().ok());
      grown = allocations - before;
    }
    EXPECT_EQ(grown, 0) << threads << " threads";
  }
}

}  // namespace
}  // namespace espalier
