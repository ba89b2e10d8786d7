// A training step in its steady state allocates no memory: every malloc of the process is caught and its stack looked
// at. What libdnnl allocates within its own calls is not ours to change and does not count.
#include <dlfcn.h>
#include <execinfo.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "optim/optimizer.h"
#include "tests/testing/tiny_job.h"

namespace {

constexpr int kMostFrames = 32, kMostStacks = 8;

std::atomic<bool> watching{false};
std::atomic<int> allocations{0};
std::atomic<int> library_allocations{0};
thread_local bool inside = false;  // backtrace and dladdr may allocate themselves

struct Stack {
  void* frames[kMostFrames];
  int size;
} stacks[kMostStacks];

void NoteAllocation() {
  if (!watching.load(std::memory_order_relaxed) || inside) return;
  inside = true;
  Stack stack;
  stack.size = backtrace(stack.frames, kMostFrames);
  bool in_library = false;
  for (int i = 0; i < stack.size; ++i) {
    Dl_info info;
    if (dladdr(stack.frames[i], &info) == 0 || info.dli_fname == nullptr) continue;
    in_library = in_library || std::strstr(info.dli_fname, "libdnnl") != nullptr;
  }
  if (in_library) {
    ++library_allocations;
  } else if (const int index = allocations++; index < kMostStacks) {
    stacks[index] = stack;
  }
  inside = false;
}

}  // namespace

// glibc's allocator under its other names; `operator new` calls malloc.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
  NoteAllocation();
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  NoteAllocation();
  return __libc_calloc(count, size);
}
void* realloc(void* old, size_t size) {
  NoteAllocation();
  return __libc_realloc(old, size);
}
void* memalign(size_t alignment, size_t size) {
  NoteAllocation();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void** out, size_t alignment, size_t size) {
  *out = memalign(alignment, size);
  return *out == nullptr ? ENOMEM : 0;
}
}

namespace espalier {
namespace {

std::string StacksText() {
  std::string text;
  for (int i = 0; i < std::min(allocations.load(), kMostStacks); ++i) {
    char** symbols = backtrace_symbols(stacks[i].frames, stacks[i].size);
    for (int k = 0; k < stacks[i].size; ++k) absl::StrAppend(&text, symbols[k], "\n");
    absl::StrAppend(&text, "\n");
    std::free(symbols);
  }
  return text;
}

struct Variant {
  const char* name;
  std::vector<std::string> overrides;
};

class AllocationTest : public ::testing::TestWithParam<Variant> {};

TEST_P(AllocationTest, TheWatchSeesAllocations) {
  void* frames[1];
  backtrace(frames, 1);  // its first call loads a library
  allocations = 0;
  watching = true;
  std::string* text = new std::string(100, 'x');
  watching = false;
  delete text;
  EXPECT_EQ(allocations, 2);
}

TEST_P(AllocationTest, AStepAllocatesNothing) {
  // Two threads: for a team of one, libgomp allocates anew each time.
  const std::unique_ptr<PreparedJob> job = PrepareTinyJob(GetParam().overrides, 2);
  Network& network = *job->network;
  ParameterStore& store = network.parameters();
  const auto optimizer = ParameterOptimizer::Create(job->job().optimizer(), store.layout());
  ASSERT_TRUE(optimizer.ok()) << optimizer.status();
  const auto step = [&](int64_t number) {
    const Batch& batch = **job->train_data->Next();  // in another slot each time: the inputs are bound anew
    network.TrainStep(batch.images, batch.labels, batch.sample_ids, 1.0f / 8, {1, batch.epoch});
    const GradientNorm norm = (*optimizer)->MeasureGradients(store.gradients());
    (*optimizer)->Step(store.weights(), store.gradients(), {1e-3, (*optimizer)->GradientScale(norm), number});
  };
  int64_t number = 0;
  while (number < 12) step(++number);
  allocations = 0;
  library_allocations = 0;
  watching = true;
  while (number < 20) step(++number);
  watching = false;
  EXPECT_EQ(allocations, 0) << StacksText();
  RecordProperty("library_allocations", library_allocations);
}

constexpr char kWide[] = R"(model={
  input { name: "image" dims: [1, 28, 28] }
  layer { name: "stem" conv { channels: 16 kernel: 3 pad: 1 stride: 2 } }
  layer { lrn {} }
  layer { residual { body { layer { conv { channels: 16 kernel: 3 pad: 1 } } layer { batch_norm {} } } } }
  layer { branches { branch { layer { pool { kind: AVERAGE kernel: 3 stride: 1 pad: 1 } } } branch {} } }
  layer { leaky_relu {} }
  layer { sigmoid {} }
  layer { dropout {} }
  layer { global_average_pool {} }
  layer { tanh {} }
  layer { dense { channels: 10 } }
})";

INSTANTIATE_TEST_SUITE_P(Variants, AllocationTest,
                         ::testing::Values(Variant{"F32", {}}, Variant{"BF16", {"precision.compute=BF16"}},
                                           Variant{"F16", {"precision.compute=F16"}},
                                           Variant{"ManyLayersAdam", {kWide, "optimizer={adam {}}"}},
                                           Variant{"MeanSquaredError",
                                                   {"loss={mean_squared_error {}}", "optimizer={rmsprop {}}"}},
                                           Variant{"LoaderThreads", {"data.loader_threads=2"}}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace espalier
