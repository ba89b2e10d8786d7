// A training without a network, for tests of the data parallel methods: gradients, figures and statistics are functions
// of step and shard (random ones by default), so that what many ranks make of them can be told by plain arithmetic.
#ifndef ESPALIER_PARALLEL_TESTING_ARITHMETIC_JOB_H_
#define ESPALIER_PARALLEL_TESTING_ARITHMETIC_JOB_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/executor.h"
#include "optim/optimizer.h"
#include "parallel/data_parallel.h"
#include "proto/optimizer.pb.h"

namespace espalier {

// Parameters of several sizes, one of them frozen, and two states.
std::unique_ptr<ParameterStore> MakeArithmeticStore(uint64_t seed);

Optimizer ParseOptimizer(const std::string& text);
std::unique_ptr<ParameterOptimizer> MakeOptimizer(const std::string& text, const ParameterStore& store);

struct ArithmeticJob {
  std::string optimizer = "sgd { momentum: 0.9 weight_decay: 1e-2 }";
  int shards = 1;
  int steps = 4;
  double learning_rate = 0.1;
  float loss_scale = 1;
  bool scaled = false;
  int overflow_step = -1;     // one shard's gradient is infinite
  int broken_loss_step = -1;  // one shard's loss is NaN
  // Writes a shard's exchange arena: gradients, zero in the padding, and statistics.
  void Values(const ParameterStore& store, int step, int shard, float* arena) const;
  ShardFigures Figures(int step, int shard) const;
  bool Overflows(int step) const { return step == overflow_step; }
};

// All that a training leaves, to be compared to the bit.
struct ArithmeticResult {
  std::vector<float> weights;
  std::vector<std::vector<float>> slots;
  std::vector<float> states;
  std::vector<StepOutput> outputs;
};

ArithmeticResult ResultOf(ParameterStore* store, const ParameterOptimizer& optimizer, std::vector<StepOutput> outputs);
void ExpectEqualBits(const ArithmeticResult& found, const ArithmeticResult& expected, const std::string& where);

// The slow twin of every method that waits for all: one process, shard by shard.
ArithmeticResult RunSerially(const ArithmeticJob& job);

// The step input of the worker `rank` of `ranks`: its shards summed to nodes of the tree. The arenas live in `arenas`,
// but for the first, which is the store's.
StepInput MakeStepInput(const ArithmeticJob& job, int step, int64_t optimizer_step, int rank, int ranks,
                        ParameterStore* store, std::vector<std::vector<float>>* arenas);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_TESTING_ARITHMETIC_JOB_H_
