// What the workers tell each other at the end of a step beside the gradients: the figures of all shards, and whether
// anybody was asked to stop. Every worker sends its own to all others, which takes a single hop.
#ifndef ESPALIER_PARALLEL_FIGURES_EXCHANGE_H_
#define ESPALIER_PARALLEL_FIGURES_EXCHANGE_H_

#include <vector>

#include "parallel/communicator.h"
#include "parallel/data_parallel.h"
#include "parallel/shard_tree.h"

namespace espalier {

class FiguresExchange {
 public:
  FiguresExchange(Communicator* workers, int shards);

  // Starts to tell the others this worker's figures, one for each of its shards. All workers do so in every step.
  void Start(const std::vector<ShardFigures>& mine, bool stop_requested);
  // Whether all has come and gone. Does not wait.
  bool Test();
  // Then: the sum over all shards along their tree, and whether any worker was asked to stop.
  ShardFigures Sum();
  bool stop() const;

 private:
  // A worker's message: four numbers for each of its shards, then 1 if it was asked to stop, else 0.
  double* Message(int worker) { return messages_.data() + 4 * ShardBegin(shards_, worker, size_) + worker; }
  const double* Message(int worker) const { return const_cast<FiguresExchange*>(this)->Message(worker); }
  int Numbers(int worker) const { return static_cast<int>(Message(worker + 1) - Message(worker)); }

  Communicator* const workers_;
  const int shards_, size_;
  const std::vector<Addition> additions_;  // of all shards
  std::vector<double> messages_;
  std::vector<ShardFigures> sums_;
  std::vector<Request> requests_;
  size_t tested_ = 0;
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_FIGURES_EXCHANGE_H_
