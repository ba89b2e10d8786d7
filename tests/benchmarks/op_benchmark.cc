// Time of each large operator case, forward and backward, step by step of its plan:
//   bazel run //tests/benchmarks:op_benchmark -- --filter convolution --types f32,bf16
// Cases on images stand between 1x1 convolutions (not shown), so that they get the blocked layouts of a real network;
// convolutions themselves get plain ones, and the reorders that this costs are shown. The best of --rounds counts.
// GFLOP/s and GB/s follow from the cost rules: 2 per multiply-accumulate; inputs read once and outputs written once.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/executor.h"
#include "core/ops/op_cases.h"
#include "tools/table.h"

ABSL_FLAG(std::string, filter, "", "only cases whose name contains this");
ABSL_FLAG(std::vector<std::string>, types, {"f32"}, "f32, bf16, f16");
ABSL_FLAG(int, rounds, 20, "measurements of each case");

namespace espalier {
namespace {

Graph BenchmarkGraph(const OpCase& op_case) {
  const bool images = op_case.inputs[0].type.shape.rank() == 4 && !absl::StartsWith(op_case.name, "convolution/");
  const Surroundings surroundings = images ? Surroundings::kConvolutions : Surroundings::kNothing;
  return op_case.differentiable() ? BackwardGraph(op_case, surroundings) : ForwardGraph(op_case, surroundings);
}

// The least seconds of each step of the executor's plan.
std::vector<double> BestSeconds(Executor* executor, int rounds) {
  const size_t steps = executor->plan().steps.size();
  std::vector<double> best(steps, 1e9), seconds(steps);
  executor->Run({});
  executor->set_step_seconds(&seconds);
  for (int round = 0; round < rounds; ++round) {
    std::fill(seconds.begin(), seconds.end(), 0.0);
    executor->Run({});
    for (size_t i = 0; i < steps; ++i) best[i] = std::min(best[i], seconds[i]);
  }
  return best;
}

void AddRows(const OpCase& op_case, DType dtype, TextTable* table) {
  const Graph graph = BenchmarkGraph(op_case);
  auto executor =
      Executor::Create(graph, {}, std::make_shared<ParameterStore>(graph, 1), std::make_shared<Workspace>());
  CHECK(executor.ok()) << op_case.name << ": " << executor.status();
  for (const auto& [name, tensor] : CaseTensors(op_case, graph)) (*executor)->SetInput(name, tensor);
  const std::vector<double> seconds = BestSeconds(executor->get(), absl::GetFlag(FLAGS_rounds));
  std::string name = absl::StrCat(op_case.name, " ", std::string(Name(dtype)));
  for (size_t i = 0; i < seconds.size(); ++i) {
    const PlanStep& step = (*executor)->plan().steps[i];
    if (step.layer != kCaseLayer) continue;
    table->AddRow({name, step.kind, step.implementation, step.layouts, absl::StrFormat("%.3f", seconds[i] * 1e3),
                   absl::StrFormat("%.1f", step.cost.flops / seconds[i] * 1e-9),
                   absl::StrFormat("%.1f", step.cost.bytes / seconds[i] * 1e-9)});
    name.clear();
  }
  table->AddSeparator();
}

int Run() {
  using Align = TextTable::Align;
  TextTable table({{"case"},
                   {"step"},
                   {"implementation"},
                   {"layouts"},
                   {"ms", Align::kRight},
                   {"GFLOP/s", Align::kRight},
                   {"GB/s", Align::kRight}});
  const std::vector<std::string> types = absl::GetFlag(FLAGS_types);
  for (OpCase& op_case : AllOpCases()) {
    if (!op_case.large || !absl::StrContains(op_case.name, absl::GetFlag(FLAGS_filter))) continue;
    op_case.before_relu = nullptr;  // kinks matter to finite differences only
    for (DType dtype : {DType::kF32, DType::kBF16, DType::kF16}) {
      if (std::count(types.begin(), types.end(), std::string(Name(dtype))) == 0) continue;
      if (dtype == DType::kF32 || op_case.any_float()) AddRows(WithDType(op_case, dtype), dtype, &table);
    }
  }
  std::fputs(table.ToString().c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace espalier

int main(int argc, char** argv) {
  absl::ParseCommandLine(argc, argv);
  return espalier::Run();
}
