// What the phases of a job prune: `prune` and `restore_dense` of the job language, proven against the network.
#ifndef ESPALIER_COMPRESSION_PRUNE_PLAN_H_
#define ESPALIER_COMPRESSION_PRUNE_PLAN_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compression/layer_patterns.h"
#include "core/parameters.h"
#include "proto/job.pb.h"

namespace espalier {

// Parameters that share a threshold: one, or all under Prune::GLOBAL.
struct PruneGroup {
  std::vector<int> parameters;
  double sparsity = 0;  // at the end; more than 0, unless `deviations` is
  // Not 0: weights of smaller magnitude than so many standard deviations of those not masked before.
  double deviations = 0;
};

// How much of a layer: one of the two, both 0 for a layer that stays dense.
struct PruneAmount {
  double sparsity = 0, deviations = 0;
};

// How a phase prunes: all at once at its beginning, or in steps.
struct PrunePlan {
  std::vector<PruneGroup> groups;
  double initial_sparsity = 0;
  int64_t ramp_steps = 0;  // 0: all at once
  int64_t every_steps = 1;

  // Whether weights are pruned once `step` steps of the phase are done.
  bool DueAt(int64_t step) const;
  // Of a group, after the pruning at that step: final + (initial - final) * (1 - step / ramp_steps)^3.
  double SparsityAt(const PruneGroup& group, int64_t step) const;
};

struct PhasePruning {
  bool restores_dense = false;
  std::optional<PrunePlan> plan;
  // Parameters that have a mask in this phase, made here or before; ascending.
  std::vector<int> masked;
};

// Goes through a job's phases in their order.
class PrunePlanner {
 public:
  // `layout` must outlive this. `error` takes what is wrong with the job.
  PrunePlanner(const ParameterLayout& layout, int64_t steps_per_epoch, JobErrorSink error);

  // `path` is the phase's: "phase[1]". Of use only if no error was reported.
  PhasePruning Next(const Phase& phase, const std::string& path);

 private:
  // What the entries or the default give a layer; nothing where none is given.
  std::optional<PruneAmount> AmountFor(size_t layer, const Prune& prune, bool* named) const;
  void CheckEntries(const Prune& prune, const std::string& path) const;
  std::vector<PruneGroup> GroupsOf(const Prune& prune, const std::string& path) const;
  void PlanRamp(const GradualPruning& gradual, const std::string& path, PrunePlan* plan) const;
  // Later prunings take away more: reports groups of which more is pruned already.
  void CheckRise(const PrunePlan& plan, const std::string& path);

  const ParameterLayout& layout_;
  const int64_t steps_per_epoch_;
  const JobErrorSink error_;
  const std::vector<WeightedLayer> layers_;
  std::map<int, double> in_force_;  // by masked parameter: its sparsity, 0 where only that of a group is known
};

// "prunes 30% of 268,336 weights in 19 layers", "pruned weights train again from zero"; empty if the phase changes
// nothing.
std::string DescribePruning(const PhasePruning& pruning, const ParameterLayout& layout);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PRUNE_PLAN_H_
