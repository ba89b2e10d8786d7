#include "compression/prune_plan.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/human_readable.h"
#include "optim/schedule.h"
#include "proto/field_path.h"

namespace espalier {
namespace {

// What an entry asks for.
PruneAmount AmountOf(const PruneLayer& entry) {
  if (entry.has_deviations()) return {0, entry.deviations()};
  return {entry.has_keep() ? 1 - double{entry.keep()} : double{entry.sparsity()}, 0};
}

// Without digits that come from the schema's floats: 0.3f is "30%", not "30.000001%".
std::string Percent(double share) { return absl::StrFormat("%.4g%%", 100 * share); }

}  // namespace

bool PrunePlan::DueAt(int64_t step) const {
  return step == 0 || (step < ramp_steps && step % every_steps == 0) || step == ramp_steps;
}

double PrunePlan::SparsityAt(const PruneGroup& group, int64_t step) const {
  if (step >= ramp_steps) return group.sparsity;
  const double left = 1 - static_cast<double>(step) / static_cast<double>(ramp_steps);
  return group.sparsity + (initial_sparsity - group.sparsity) * left * left * left;
}

PrunePlanner::PrunePlanner(const ParameterLayout& layout, int64_t steps_per_epoch, JobErrorSink error)
    : layout_(layout), steps_per_epoch_(steps_per_epoch), error_(std::move(error)), layers_(WeightedLayers(layout)) {}

std::optional<PruneAmount> PrunePlanner::AmountFor(size_t layer, const Prune& prune, bool* named) const {
  const PruneLayer* entry = FirstFitting(prune.layer(), layers_[layer].name);
  *named = entry != nullptr;
  if (entry != nullptr) return AmountOf(*entry);
  const bool dense = (layer == 0 && !prune.first_layer()) || (layer + 1 == layers_.size() && !prune.last_layer());
  if (dense) return PruneAmount();
  if (!prune.has_sparsity()) return std::nullopt;
  return PruneAmount{prune.sparsity(), 0};
}

void PrunePlanner::CheckEntries(const Prune& prune, const std::string& path) const {
  CheckPatterns(prune.layer(), layers_, path, error_);
  for (int i = 0; i < prune.layer_size(); ++i) {
    if (prune.layer(i).has_deviations() && prune.has_gradual()) {
      error_(FieldPath(path, absl::StrCat("layer[", i, "].deviations")),
             "expected sparsity or keep where the pruning is gradual, found deviations");
    }
  }
}

std::vector<PruneGroup> PrunePlanner::GroupsOf(const Prune& prune, const std::string& path) const {
  std::vector<PruneGroup> groups;
  PruneGroup global;
  std::vector<std::string> without;
  for (size_t layer = 0; layer < layers_.size(); ++layer) {
    bool named = false;
    const std::optional<PruneAmount> amount = AmountFor(layer, prune, &named);
    if (!amount) without.push_back(layers_[layer].name);
    if (!amount || (amount->sparsity == 0 && amount->deviations == 0)) continue;
    for (int parameter : layers_[layer].parameters) {
      if (prune.scope() == Prune::GLOBAL && !named) {
        global.parameters.push_back(parameter);
        global.sparsity = amount->sparsity;
      } else {
        groups.push_back({{parameter}, amount->sparsity, amount->deviations});
      }
    }
  }
  if (!global.parameters.empty()) groups.push_back(global);
  if (!without.empty()) error_(FieldPath(path, "sparsity"), MissingValue(without));
  return groups;
}

void PrunePlanner::PlanRamp(const GradualPruning& gradual, const std::string& path, PrunePlan* plan) const {
  plan->ramp_steps = StepsIn(gradual.epochs(), steps_per_epoch_);
  plan->every_steps = gradual.every_steps();
  plan->initial_sparsity = gradual.initial_sparsity();
  if (plan->ramp_steps < 1) {
    error_(FieldPath(path, "epochs"), absl::StrCat("expected at least one step, of which an epoch has ",
                                                   steps_per_epoch_, "; found ", gradual.epochs()));
  }
  for (const PruneGroup& group : plan->groups) {
    if (plan->initial_sparsity <= group.sparsity) continue;
    error_(FieldPath(path, "initial_sparsity"),
           absl::StrCat("expected at most ", Percent(group.sparsity), ", which is to be reached in ",
                        layout_[group.parameters[0]].name, ", found ", Percent(plan->initial_sparsity)));
    return;
  }
}

void PrunePlanner::CheckRise(const PrunePlan& plan, const std::string& path) {
  for (const PruneGroup& group : plan.groups) {
    const bool alone = group.parameters.size() == 1;
    for (int parameter : group.parameters) {
      double& before = in_force_[parameter];
      if (alone && group.deviations == 0 && before > group.sparsity) {
        error_(path, absl::StrCat("expected at least ", Percent(before), " of ", layout_[parameter].name,
                                  ", which a phase before prunes (restore_dense would let it train again), found ",
                                  Percent(group.sparsity)));
      }
      before = alone ? std::max(before, group.sparsity) : before;
    }
  }
}

PhasePruning PrunePlanner::Next(const Phase& phase, const std::string& path) {
  PhasePruning pruning;
  pruning.restores_dense = phase.has_restore_dense();
  if (pruning.restores_dense) in_force_.clear();
  if (phase.has_prune()) {
    const std::string prune_path = FieldPath(path, "prune");
    PrunePlan plan;
    CheckEntries(phase.prune(), prune_path);
    plan.groups = GroupsOf(phase.prune(), prune_path);
    const size_t exempt = (phase.prune().first_layer() ? 0 : 1) + (phase.prune().last_layer() ? 0 : 1);
    if (phase.prune().layer_size() == 0 && layers_.size() <= exempt) {
      error_(prune_path,
             absl::StrCat("expected a layer that can be pruned, found none: first_layer and last_layer leave ",
                          "none of the ", layers_.size(), " with weights"));
    }
    if (phase.prune().has_gradual()) PlanRamp(phase.prune().gradual(), FieldPath(prune_path, "gradual"), &plan);
    CheckRise(plan, prune_path);
    pruning.plan = std::move(plan);
  }
  for (const auto& [parameter, sparsity] : in_force_) pruning.masked.push_back(parameter);
  return pruning;
}

std::string DescribePruning(const PhasePruning& pruning, const ParameterLayout& layout) {
  if (pruning.restores_dense) return "pruned weights train again from zero";
  if (!pruning.plan) return "";
  int64_t weights = 0;
  double pruned = 0;
  bool by_deviation = false;
  std::set<absl::string_view> layers;
  for (const PruneGroup& group : pruning.plan->groups) {
    by_deviation = by_deviation || group.deviations > 0;
    for (int parameter : group.parameters) {
      weights += layout[parameter].elements();
      pruned += group.sparsity * static_cast<double>(layout[parameter].elements());
      layers.insert(LayerOf(layout[parameter].name));
    }
  }
  if (weights == 0) return "prunes nothing";
  const std::string ramp = pruning.plan->ramp_steps == 0
                               ? ""
                               : absl::StrCat(", gradually over ", FormatCount(pruning.plan->ramp_steps), " steps");
  const std::string share = by_deviation ? "by standard deviations" : Percent(pruned / static_cast<double>(weights));
  return absl::StrCat("prunes ", share, " of ", FormatCount(weights), " weights in ", layers.size(),
                      layers.size() == 1 ? " layer" : " layers", ramp);
}

}  // namespace espalier
