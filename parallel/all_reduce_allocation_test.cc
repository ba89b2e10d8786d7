// Steps of the all-reduce allocate nothing but the first.
#include <atomic>
#include <cstdlib>
#include <new>

#include "gtest/gtest.h"
#include "parallel/all_reduce.h"
#include "parallel/shard_fold.h"
#include "parallel/thread_communicator.h"
#include "proto/optimizer.pb.h"

namespace {
std::atomic<int64_t> allocations{0};
thread_local bool counts = false;
}  // namespace

// Out of line: seen inside a caller, the pair of malloc and delete looks like a mistake to the compiler.
[[gnu::noinline]] void* operator new(size_t bytes) {
  if (counts) ++allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace espalier {
namespace {

class Uncounted {
 public:
  Uncounted() { counts = false; }
  ~Uncounted() { counts = before_; }

 private:
  const bool before_ = counts;
};

// The threads' own, which copies messages: what it allocates does not count.
class UncountedCommunicator : public Communicator {
 public:
  explicit UncountedCommunicator(Communicator* communicator) : communicator_(communicator) {}
  int rank() const override { return communicator_->rank(); }
  int size() const override { return communicator_->size(); }
  Request Send(const void* data, size_t bytes, int destination, int tag) override {
    const Uncounted uncounted;
    return communicator_->Send(data, bytes, destination, tag);
  }
  Request Receive(void* data, size_t bytes, int source, int tag) override {
    const Uncounted uncounted;
    return communicator_->Receive(data, bytes, source, tag);
  }
  bool Test(Request* request) override {
    const Uncounted uncounted;
    return communicator_->Test(request);
  }
  bool Probe(int source, int tag, MessageInfo* info) override { return communicator_->Probe(source, tag, info); }
  std::unique_ptr<Communicator> Split(int color) override { return communicator_->Split(color); }
  [[noreturn]] void Abort(absl::string_view reason, int exit_code) override {
    communicator_->Abort(reason, exit_code);
    std::abort();
  }
  void Idle(int attempt) override {
    const Uncounted uncounted;
    communicator_->Idle(attempt);
  }

 private:
  Communicator* const communicator_;
};

void RunSteps(Communicator* communicator, int shards) {
  Graph graph;
  for (const char* name : {"a", "b", "c"}) {
    Parameter parameter;
    parameter.name = name;
    parameter.shape = {20000};
    graph.AddParameter(parameter);
  }
  graph.AddState("mean", {100}, 0);
  ParameterStore store(graph, 1);
  Optimizer config;
  config.mutable_sgd();
  auto optimizer = ParameterOptimizer::Create(config, store.layout());
  ASSERT_TRUE(optimizer.ok());
  AllReduceOptions options;
  options.shards = shards;
  options.ready_order = {2, 1, 0};
  AllReduce method(communicator, &store, options);
  ASSERT_TRUE(method.Load(config, optimizer->get()).ok());
  ShardFold fold(shards, store.exchange_elements(), store.gradients());
  StepInput input;
  const int begin = ShardBegin(shards, communicator->rank(), communicator->size());
  const int end = ShardBegin(shards, communicator->rank() + 1, communicator->size());
  const std::vector<float> values(store.exchange_elements(), 1.0f);
  for (int step = 0; step < 4; ++step) {
    fold.Clear();
    for (int shard = begin; shard < end; ++shard) fold.Add(shard, shard + 1, values.data());
    input.partial_sums = fold.sums();
    input.figures.assign(end - begin, ShardFigures());
    counts = step > 0;
    for (int parameter : options.ready_order) method.OnGradientReady(parameter);
    EXPECT_TRUE(method.FinishStep(input).ok());
    counts = false;
    EXPECT_EQ(store.gradients()[0], static_cast<float>(shards));
  }
}

TEST(AllReduceAllocationTest, StepsAllocateNothing) {
  for (int shards : {3, 8}) {
    RunRanks(3, {}, [shards](Communicator& communicator) {
      UncountedCommunicator uncounted(&communicator);
      RunSteps(&uncounted, shards);
    });
    EXPECT_EQ(allocations.load(), 0) << shards << " shards";
  }
  counts = true;
  ::operator delete(::operator new(8));
  counts = false;
  EXPECT_GT(allocations.load(), 0) << "the counter counts";
}

}  // namespace
}  // namespace espalier
