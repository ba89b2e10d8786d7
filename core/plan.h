// The plan of a graph: a kernel for every node, the reorders between layouts as visible steps, and a place in memory
// for every value. Nothing is decided after it.
#ifndef ESPALIER_CORE_PLAN_H_
#define ESPALIER_CORE_PLAN_H_

#include <memory>
#include <string>
#include <vector>

#include "core/graph.h"
#include "core/kernel.h"

namespace espalier {

enum class Place {
  kArena,      // the activation arena, shared by values whose lifetimes do not overlap
  kInput,      // the caller's memory
  kWeights,    // the weight arena
  kGradients,  // the gradient arena
  kState,      // the value's own memory, kept between steps
};

// A piece of memory. Values share one when a kernel works in place or a view renames it.
struct PlanBuffer {
  Place place = Place::kArena;
  size_t bytes = 0;
  size_t offset = 0;         // in bytes: within the arena
  ValueId value = kNoValue;  // the (first) value in it: the input or state, for those places
  int first_step = 0;        // lifetime, in steps, inclusive
  int last_step = 0;
};

struct PlanStep {
  int node = -1;  // -1 for a reorder
  std::string kind;
  std::string layer;
  std::string implementation;
  std::string layouts;  // "plain -> aBcd16b"
  bool backward = false;
  Cost cost;
  size_t scratch_bytes = 0;
  std::vector<int> inputs;  // buffers
  std::vector<int> outputs;
  std::vector<int> gradients_ready;  // parameters whose gradient is final after this step
  std::unique_ptr<Kernel> kernel;
};

struct PlanOptions {
  bool reference_only = false;
};

struct Plan {
  std::vector<PlanBuffer> buffers;
  std::vector<PlanStep> steps;
  // The buffer of each graph output, in the order of graph.outputs(): always plain.
  std::vector<int> output_buffers;
  size_t arena_bytes = 0;
  size_t scratch_bytes = 0;

  // The graph must outlive the plan.
  static absl::StatusOr<Plan> Create(const Graph& graph, const PlanOptions& options);

  // A line per step: kernel, layouts, buffers and lifetimes; then totals.
  std::string ToString(const Graph& graph) const;
};

// Gives each kArena buffer its offset, so that no two that live at the same time overlap. Returns the arena's size.
size_t PlaceBuffers(std::vector<PlanBuffer>* buffers);

}  // namespace espalier

#endif  // ESPALIER_CORE_PLAN_H_
