#include "trainer/benchmark.h"

#include <omp.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/clock.h"
#include "core/onednn/kernels.h"
#include "core/ops/matmul.h"
#include "core/random.h"
#include "optim/optimizer.h"
#include "tools/table.h"
#include "trainer/make_data_parallel.h"
#include "trainer/network.h"
#include "trainer/shard_runner.h"
#include "trainer/work_share.h"

namespace espalier {
namespace {

// A network, an optimizer and a batch of random numbers, of which each rank has its rows.
class Bench {
 public:
  static absl::StatusOr<std::unique_ptr<Bench>> Create(const JobDocument& document, JobRanks* ranks) {
    const Job& job = document.job;
    RETURN_IF_ERROR(ranks->Divide(job));
    if (ranks->servers() > 0) {
      return Shared(absl::InvalidArgumentError("timing steps: expected a job without parameter server"));
    }
    std::unique_ptr<Bench> bench(new Bench());
    ASSIGN_OR_RETURN(bench->share_,
                     ShareWork(job, ranks->world()->rank(), ranks->world()->size(), omp_get_max_threads()));
    const WorkShare& share = bench->share_;
    NetworkOptions options;
    options.batch_size = share.shard_rows();
    options.evaluation_batch_size = 1;
    options.seed = job.seed();
    options.compute = job.precision().compute();
    options.sources = &document.sources;
    ASSIGN_OR_RETURN(bench->network_, Network::Create(job.model(), job.loss(), options));
    ASSIGN_OR_RETURN(bench->runner_,
                     ShardRunner::Create(job.model(), job.loss(), options, share, bench->network_.get()));
    const Optimizer& optimizer = job.has_optimizer() ? job.optimizer() : job.phase(0).optimizer();
    ASSIGN_OR_RETURN(bench->optimizer_, ParameterOptimizer::Create(optimizer, bench->network_->parameters().layout()));
    bench->data_parallel_ =
        MakeDataParallel(job, share, bench->network_.get(), ranks->world(), ranks->workers(), nullptr, nullptr);
    RETURN_IF_ERROR(bench->data_parallel_->Load(optimizer, bench->optimizer_.get()));
    bench->runner_->set_hooks(ShardRunnerHooks::For(bench->data_parallel_.get()));
    bench->MakeBatch();
    return bench;
  }

  void Step() {
    input_.learning_rate = 1e-3;
    input_.optimizer_step = ++step_;
    runner_->Run(batch_, 1, {}, &input_);
    CHECK(data_parallel_->FinishStep(input_).ok());
  }

  Network& network() { return *network_; }
  int64_t batch_size() const { return share_.batch_size; }

 private:
  Bench() = default;

  void MakeBatch() {
    const Graph& graph = network_->training().graph();
    Shape shape = graph.type(graph.inputs()[0]).shape;
    const int64_t rows = share_.rows();
    shape[0] = rows;
    batch_.images = Tensor(DType::kF32, shape);
    batch_.labels = Tensor(DType::kS32, {rows});
    batch_.sample_ids = Tensor(DType::kS32, {rows});
    batch_.count = rows;
    Random random(1, "benchmark", 0, share_.worker);
    for (float& value : batch_.images.span<float>()) value = random.Normal();
    const auto classes = static_cast<uint32_t>(graph.type(graph.output("logits")).shape[1]);
    for (int32_t i = 0; i < rows; ++i) {
      batch_.labels.data<int32_t>()[i] = static_cast<int32_t>(random.Below(classes));
      batch_.sample_ids.data<int32_t>()[i] = static_cast<int32_t>(share_.row_begin()) + i;
    }
  }

  WorkShare share_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<ShardRunner> runner_;
  std::unique_ptr<ParameterOptimizer> optimizer_;
  std::unique_ptr<DataParallel> data_parallel_;
  Batch batch_;
  StepInput input_;
  int64_t step_ = 0;
};

constexpr int kWarmUp = 3;

// GFLOP/s of a large f32 matrix product on all threads, the best of some: what this machine reaches in practice.
absl::StatusOr<double> MeasurePeakGflops() {
  constexpr int64_t kSide = 1536;
  Graph graph;
  const TensorType matrix{DType::kF32, {kSide, kSide}};
  const ValueId a = graph.AddInput("a", matrix), b = graph.AddInput("b", matrix);
  ASSIGN_OR_RETURN(const ValueId product, graph.Add1(std::make_shared<MatMulOp>(false, false), {a, b}));
  graph.SetOutput("product", product);
  auto store = std::make_shared<ParameterStore>(graph, 1);
  ASSIGN_OR_RETURN(const std::unique_ptr<Executor> executor,
                   Executor::Create(std::move(graph), {}, store, std::make_shared<Workspace>()));
  executor->SetInput("a", Tensor(DType::kF32, {kSide, kSide}));
  executor->SetInput("b", Tensor(DType::kF32, {kSide, kSide}));
  double best = 0;
  for (int repeat = 0; repeat < 10; ++repeat) {
    const double start = SteadySeconds();
    executor->Run({});
    best = std::max(best, 2e-9 * kSide * kSide * kSide / (SteadySeconds() - start));
  }
  return best;
}

struct Totals {
  double seconds = 0;
  Cost cost;
  int count = 0;
  void Add(const PlanStep& step, double step_seconds) {
    seconds += step_seconds;
    cost.flops += step.cost.flops;
    cost.bytes += step.cost.bytes;
    ++count;
  }
};

// Rows from the slowest to the fastest. Winograd kernels are credited with the multiplications they save, so their
// share of the peak can pass 100 %.
std::string Table(const std::string& title, const std::map<std::string, Totals>& rows, double total, double peak) {
  std::vector<std::pair<std::string, Totals>> sorted(rows.begin(), rows.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  constexpr auto kRight = TextTable::Align::kRight;
  TextTable table({{title},
                   {"steps", kRight},
                   {"ms", kRight},
                   {"share", kRight},
                   {"GFLOP/s", kRight},
                   {"of peak", kRight},
                   {"MB", kRight},
                   {"GB/s", kRight}});
  for (const auto& [name, t] : sorted) {
    const double gflops = t.cost.flops / t.seconds / 1e9;
    table.AddRow({name, absl::StrCat(t.count), absl::StrFormat("%.3f", 1e3 * t.seconds),
                  absl::StrFormat("%.1f%%", 100 * t.seconds / total), absl::StrFormat("%.1f", gflops),
                  absl::StrFormat("%.0f%%", 100 * gflops / peak), absl::StrFormat("%.2f", t.cost.bytes / 1e6),
                  absl::StrFormat("%.1f", t.cost.bytes / t.seconds / 1e9)});
  }
  return table.ToString() + "\n";
}

}  // namespace

absl::Status RunBenchmark(const JobDocument& document, int steps, JobRanks* ranks, std::ostream* out) {
  const double start = SteadySeconds();
  ASSIGN_OR_RETURN(const std::unique_ptr<Bench> bench, Bench::Create(document, ranks));
  bench->Step();
  if (ranks->leads()) *out << absl::StreamFormat("first_step_s: %.3f\n", SteadySeconds() - start);
  for (int i = 1; i < kWarmUp; ++i) bench->Step();
  std::vector<double> seconds;
  for (int i = 0; i < steps; ++i) {
    const double begin = SteadySeconds();
    bench->Step();
    seconds.push_back(SteadySeconds() - begin);
  }
  if (!ranks->leads()) return absl::OkStatus();
  std::nth_element(seconds.begin(), seconds.begin() + steps / 2, seconds.end());
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  *out << absl::StreamFormat("processor: %s, %d threads\n", OneDnnDescription(), omp_get_max_threads());
  *out << absl::StreamFormat("images_per_s: %.1f\n", static_cast<double>(bench->batch_size()) / seconds[steps / 2]);
  *out << absl::StreamFormat("peak_mb: %.0f\n", static_cast<double>(usage.ru_maxrss) / 1024);
  return absl::OkStatus();
}

absl::Status RunProfile(const JobDocument& document, int steps, JobRanks* ranks, std::ostream* out) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Bench> bench, Bench::Create(document, ranks));
  if (ranks->world()->size() > 1 || document.job.parallel().has_reproducible()) {
    return Shared(absl::InvalidArgumentError("--profile_steps: expected one rank and a job that is not reproducible"));
  }
  ASSIGN_OR_RETURN(const double peak, MeasurePeakGflops());
  for (int i = 0; i < kWarmUp; ++i) bench->Step();
  Executor& executor = bench->network().training();
  std::vector<double> seconds(executor.plan().steps.size(), 0.0);
  executor.set_step_seconds(&seconds);
  const double begin = SteadySeconds();
  for (int i = 0; i < steps; ++i) bench->Step();
  const double wall = (SteadySeconds() - begin) / steps;
  executor.set_step_seconds(nullptr);
  std::map<std::string, Totals> by_kind, by_layer, reorders;
  double total = 0;
  for (size_t i = 0; i < seconds.size(); ++i) {
    const PlanStep& step = executor.plan().steps[i];
    const double step_seconds = seconds[i] / steps;
    total += step_seconds;
    by_kind[absl::StrFormat("%s [%s]", step.kind, step.implementation)].Add(step, step_seconds);
    by_layer[step.layer.empty() ? "(network)" : step.layer].Add(step, step_seconds);
    if (step.node < 0) reorders[absl::StrFormat("%s: %s", step.layer, step.layouts)].Add(step, step_seconds);
  }
  *out << absl::StreamFormat("processor: %s, %d threads, measured peak %.0f GFLOP/s (f32 matrix product)\n",
                             OneDnnDescription(), omp_get_max_threads(), peak);
  *out << absl::StreamFormat("a step takes %.3f ms, %.3f of them in the plan's %d kernels: %.1f images/s\n\n",
                             1e3 * wall, 1e3 * total, seconds.size(), static_cast<double>(bench->batch_size()) / wall);
  *out << Table("operator", by_kind, total, peak) << Table("layer", by_layer, total, peak)
       << Table("reorder that remains", reorders, total, peak);
  return absl::OkStatus();
}

absl::Status DumpPlan(const JobDocument& document, JobRanks* ranks, std::ostream* out) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Bench> bench, Bench::Create(document, ranks));
  const Executor& executor = bench->network().training();
  if (ranks->leads()) *out << executor.plan().ToString(executor.graph());
  return absl::OkStatus();
}

}  // namespace espalier
