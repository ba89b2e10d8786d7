#include "core/plan.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/kernel_registry.h"
#include "core/onednn/kernels.h"

namespace espalier {
namespace {

// Where a value lies, once more for each layout it was reordered to.
struct Location {
  int buffer;
  Layout layout;
};

class Planner {
 public:
  Planner(const Graph& graph, const PlanOptions& options)
      : graph_(graph), options_(options), locations_(graph.values().size()) {}

  absl::StatusOr<Plan> Run() {
    FindLastUses();
    AddFixedBuffers();
    for (int index = 0; index < static_cast<int>(graph_.nodes().size()); ++index) {
      RETURN_IF_ERROR(AddNode(index));
    }
    FinishStates();
    FinishGradients();
    FinishOutputs();
    plan_.arena_bytes = PlaceBuffers(&plan_.buffers);
    return std::move(plan_);
  }

 private:
  static constexpr int kForever = 1 << 30;

  // The last node that reads each value or a view of it.
  void FindLastUses() {
    view_root_.resize(graph_.values().size());
    for (size_t id = 0; id < view_root_.size(); ++id) view_root_[id] = static_cast<ValueId>(id);
    last_use_.assign(graph_.values().size(), -1);
    for (int index = 0; index < static_cast<int>(graph_.nodes().size()); ++index) {
      const Node& node = graph_.node(index);
      for (ValueId id : node.inputs) last_use_[view_root_[id]] = index;
      if (node.op->IsView()) view_root_[node.outputs[0]] = view_root_[node.inputs[0]];
    }
    for (const auto& [name, id] : graph_.outputs()) last_use_[view_root_[id]] = kForever;
    for (const State& state : graph_.states()) {
      if (state.update != kNoValue) state_of_update_[state.update] = state.value;
    }
    for (int parameter = 0; parameter < static_cast<int>(graph_.gradients().size()); ++parameter) {
      const ValueId gradient = graph_.gradients()[parameter];
      if (gradient != kNoValue) parameters_of_gradient_[gradient].push_back(parameter);
    }
  }

  void AddFixedBuffers() {
    for (ValueId id = 0; id < static_cast<ValueId>(graph_.values().size()); ++id) {
      const Value& value = graph_.value(id);
      if (value.kind == ValueKind::kComputed) continue;
      PlanBuffer buffer;
      buffer.bytes = value.type.bytes();
      buffer.value = id;
      if (value.kind == ValueKind::kParameter) {
        buffer.place = Place::kWeights;
        buffer.offset = graph_.parameters()[value.parameter].offset * sizeof(float);
      } else {
        buffer.place = value.kind == ValueKind::kState ? Place::kState : Place::kInput;
      }
      locations_[id].push_back({AddBuffer(buffer), Layout()});
    }
  }

  int AddBuffer(PlanBuffer buffer) {
    plan_.buffers.push_back(buffer);
    return static_cast<int>(plan_.buffers.size()) - 1;
  }

  int NewArenaBuffer(size_t bytes) {
    PlanBuffer buffer;
    buffer.bytes = bytes;
    buffer.first_step = buffer.last_step = static_cast<int>(plan_.steps.size());
    return AddBuffer(buffer);
  }

  int GradientBuffer(int parameter) {
    PlanBuffer buffer;
    buffer.place = Place::kGradients;
    buffer.bytes = graph_.parameters()[parameter].elements() * sizeof(float);
    buffer.offset = graph_.parameters()[parameter].offset * sizeof(float);
    return AddBuffer(buffer);
  }

  // Appends a step and extends the lifetimes of what it touches.
  PlanStep& AddStep(PlanStep step) {
    const int index = static_cast<int>(plan_.steps.size());
    for (int buffer : step.inputs) plan_.buffers[buffer].last_step = std::max(plan_.buffers[buffer].last_step, index);
    for (int buffer : step.outputs) plan_.buffers[buffer].last_step = std::max(plan_.buffers[buffer].last_step, index);
    plan_.scratch_bytes = std::max(plan_.scratch_bytes, step.scratch_bytes);
    plan_.steps.push_back(std::move(step));
    return plan_.steps.back();
  }

  PlanStep& AddReorder(ValueId id, const Location& from, const Location& to, const Node* reader) {
    PlanStep step;
    KernelChoice choice = MakeReorder(graph_.type(id), from.layout, to.layout);
    step.kind = "reorder";
    step.layer = reader != nullptr ? reader->layer : graph_.value(id).name;
    step.backward = reader != nullptr && reader->backward;
    step.implementation = choice.implementation;
    step.layouts = absl::StrCat(from.layout.ToString(), " -> ", to.layout.ToString());
    step.cost.bytes = from.layout.Bytes(graph_.type(id)) + to.layout.Bytes(graph_.type(id));
    step.scratch_bytes = choice.scratch_bytes;
    step.inputs = {from.buffer};
    step.outputs = {to.buffer};
    step.kernel = std::move(choice.kernel);
    return AddStep(std::move(step));
  }

  // The buffer that holds `id` in `layout`, after a reorder if there is none yet.
  absl::StatusOr<int> BufferIn(ValueId id, const Layout& layout, const Node& reader) {
    for (const Location& location : locations_[id]) {
      if (location.layout == layout) return location.buffer;
    }
    Location from = locations_[id][0];
    if (from.layout.blocked() && layout.blocked() && from.layout.padded_dims().size() != layout.padded_dims().size()) {
      // Grouped weights are blocked in five dimensions: from and to four the way leads over plain.
      ASSIGN_OR_RETURN(const int plain, BufferIn(id, Layout(), reader));
      from = {plain, Layout()};
    }
    if (layout.opaque() || from.layout.opaque()) {
      return absl::InternalError(absl::StrCat(reader.layer, " ", reader.op->kind(), ": no reorder from ",
                                              from.layout.ToString(), " to ", layout.ToString()));
    }
    const Location to{NewArenaBuffer(layout.Bytes(graph_.type(id))), layout};
    AddReorder(id, from, to, &reader);
    locations_[id].push_back(to);
    return to.buffer;
  }

  absl::Status AddNode(int index) {
    const Node& node = graph_.node(index);
    if (node.op->IsView()) {
      ASSIGN_OR_RETURN(const int buffer, BufferIn(node.inputs[0], Layout(), node));
      locations_[node.outputs[0]].push_back({buffer, Layout()});
      OnProduced(node.outputs[0], nullptr);
      return absl::OkStatus();
    }
    KernelRequest request{node.op.get(), graph_.InputTypes(node), graph_.OutputTypes(node), {}};
    for (ValueId id : node.inputs) request.input_layouts.push_back(locations_[id][0].layout);
    KernelChoice choice = ChooseKernel(request, options_.reference_only);
    PlanStep step;
    step.node = index;
    step.kind = std::string(node.op->kind());
    step.layer = node.layer;
    step.backward = node.backward;
    step.implementation = choice.implementation;
    step.cost = node.op->CostOf(request.inputs, request.outputs);
    step.scratch_bytes = choice.scratch_bytes;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      ASSIGN_OR_RETURN(const int buffer, BufferIn(node.inputs[i], choice.input_layouts[i], node));
      step.inputs.push_back(buffer);
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const ValueId id = node.outputs[i];
      const int buffer = OutputBuffer(index, static_cast<int>(i), choice, step.inputs);
      step.outputs.push_back(buffer);
      locations_[id].push_back({buffer, choice.output_layouts[i]});
    }
    const auto layout_name = [](std::string* out, const Layout& layout) { *out += layout.ToString(); };
    step.layouts = absl::StrCat(absl::StrJoin(choice.input_layouts, ", ", layout_name), " -> ",
                                absl::StrJoin(choice.output_layouts, ", ", layout_name));
    step.kernel = std::move(choice.kernel);
    AddStep(std::move(step));
    for (ValueId id : node.outputs) OnProduced(id, &node);
    return absl::OkStatus();
  }

  // Memory for output `i` of node `index`: an arena's place when it is a state's or a parameter's, a dying input's
  // memory when the operator works in place, else new.
  int OutputBuffer(int index, int i, const KernelChoice& choice, const std::vector<int>& input_buffers) {
    const Node& node = graph_.node(index);
    const ValueId id = node.outputs[i];
    const Layout& layout = choice.output_layouts[i];
    if (const auto it = state_of_update_.find(id); it != state_of_update_.end() && layout.plain()) {
      for (size_t k = 0; k < node.inputs.size(); ++k) {
        if (node.inputs[k] == it->second && node.op->MayOverwriteInput(static_cast<int>(k)) &&
            last_use_[it->second] == index) {
          updated_in_place_.push_back(id);
          return locations_[it->second][0].buffer;
        }
      }
    }
    if (const auto it = parameters_of_gradient_.find(id);
        it != parameters_of_gradient_.end() && layout.plain() && last_use_[view_root_[id]] != kForever) {
      return GradientBuffer(it->second[0]);
    }
    const size_t bytes = layout.Bytes(graph_.type(id));
    for (size_t k = 0; i == 0 && k < node.inputs.size(); ++k) {
      const ValueId input = node.inputs[k];
      const PlanBuffer& buffer = plan_.buffers[input_buffers[k]];
      if (node.op->MayOverwriteInput(static_cast<int>(k)) && last_use_[view_root_[input]] == index &&
          std::count(node.inputs.begin(), node.inputs.end(), input) == 1 && buffer.place == Place::kArena &&
          buffer.bytes == bytes && choice.input_layouts[k] == layout &&
          graph_.type(input).dtype == graph_.type(id).dtype) {
        return input_buffers[k];
      }
    }
    return NewArenaBuffer(bytes);
  }

  // A gradient is final: it goes to its place in the gradient arena, if it is not there yet.
  void OnProduced(ValueId id, const Node* node) {
    const auto it = parameters_of_gradient_.find(id);
    if (it == parameters_of_gradient_.end()) return;
    for (int parameter : it->second) {
      const Location from = locations_[id][0];
      const size_t offset = graph_.parameters()[parameter].offset * sizeof(float);
      const PlanBuffer& buffer = plan_.buffers[from.buffer];
      if (buffer.place != Place::kGradients || buffer.offset != offset) {
        AddReorder(id, from, {GradientBuffer(parameter), Layout()}, node);
      }
      plan_.steps.back().gradients_ready.push_back(parameter);
    }
    parameters_of_gradient_.erase(it);
  }

  // States whose update could not be made in place are copied at the end.
  void FinishStates() {
    for (const State& state : graph_.states()) {
      if (state.update == kNoValue) continue;
      if (std::count(updated_in_place_.begin(), updated_in_place_.end(), state.update) > 0) continue;
      AddReorder(state.update, locations_[state.update][0], locations_[state.value][0], nullptr);
    }
  }

  // Gradients that are no node's output (the seed itself).
  void FinishGradients() {
    const auto left = parameters_of_gradient_;
    for (const auto& entry : left) OnProduced(entry.first, nullptr);
  }

  void FinishOutputs() {
    for (const auto& [name, id] : graph_.outputs()) {
      int found = -1;
      for (const Location& location : locations_[id]) {
        if (location.layout.plain()) found = location.buffer;
      }
      if (found < 0) {
        const Location to{NewArenaBuffer(graph_.type(id).bytes()), Layout()};
        AddReorder(id, locations_[id][0], to, nullptr);
        found = to.buffer;
      }
      plan_.buffers[found].last_step = kForever;
      plan_.output_buffers.push_back(found);
    }
  }

  const Graph& graph_;
  const PlanOptions& options_;
  Plan plan_;
  std::vector<std::vector<Location>> locations_;
  std::vector<ValueId> view_root_;
  std::vector<int> last_use_;
  std::map<ValueId, ValueId> state_of_update_;
  std::map<ValueId, std::vector<int>> parameters_of_gradient_;
  std::vector<ValueId> updated_in_place_;
};

}  // namespace

absl::StatusOr<Plan> Plan::Create(const Graph& graph, const PlanOptions& options) {
  return Planner(graph, options).Run();
}

std::string Plan::ToString(const Graph& graph) const {
  constexpr absl::string_view kPlaces[] = {"arena", "input", "weights", "gradients", "state"};
  std::string text;
  const auto describe = [&](std::string* out, int index) {
    const PlanBuffer& buffer = buffers[index];
    absl::StrAppend(out, "#", index, "@", kPlaces[static_cast<int>(buffer.place)], "+", buffer.offset);
  };
  int reorders = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    const PlanStep& step = steps[i];
    reorders += step.node < 0;
    absl::StrAppendFormat(&text, "%4d %s %-28s %-28s %-20s %s | %s -> %s\n", i, step.backward ? "bwd" : "fwd",
                          step.layer, step.kind, step.implementation, step.layouts,
                          absl::StrJoin(step.inputs, " ", describe), absl::StrJoin(step.outputs, " ", describe));
  }
  absl::StrAppendFormat(&text, "%d steps, %d of them reorders; arena %.1f MB, scratch %.1f MB, parameters %d\n",
                        steps.size(), reorders, arena_bytes / 1e6, scratch_bytes / 1e6,
                        graph.parameters().parameter_count());
  return text;
}

}  // namespace espalier
