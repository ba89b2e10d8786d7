#include "parallel/all_reduce.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>

#include "absl/strings/str_format.h"
#include "glog/logging.h"
#include "parallel/collectives.h"

namespace espalier {
namespace {

// Below this a message's cost is all latency.
constexpr int64_t kLeastBucketBytes = 64 * 1024;

// By parameter: its place in the order of readiness.
std::vector<int> ReadyPlaces(int parameters, const std::vector<int>& ready_order) {
  std::vector<int> places(parameters, static_cast<int>(ready_order.size()));
  for (size_t i = 0; i < ready_order.size(); ++i) places[ready_order[i]] = static_cast<int>(i);
  return places;
}

}  // namespace

std::vector<ReductionRange> GradientBuckets(const ParameterLayout& layout, const AllReduceOptions& options) {
  const int64_t all_bytes = layout.arena_elements() * static_cast<int64_t>(sizeof(float));
  const int64_t least = std::min(options.bucket_bytes, std::max(all_bytes / 4, kLeastBucketBytes));
  const std::vector<int> places = ReadyPlaces(layout.size(), options.ready_order);
  // From the end of the arena, where the backward pass begins, so that what is left over at last is small.
  std::vector<std::pair<int, ReductionRange>> buckets;  // with the place of the last parameter to become ready
  int64_t end = layout.arena_elements();
  int last = 0;
  for (int parameter = layout.size() - 1; parameter >= 0; --parameter) {
    const int64_t begin = parameter == 0 ? 0 : layout[parameter].offset;
    last = std::max(last, places[parameter]);
    if ((end - begin) * static_cast<int64_t>(sizeof(float)) < least && parameter > 0) continue;
    buckets.push_back({last, {begin, end, options.wire}});
    end = begin;
    last = 0;
  }
  std::stable_sort(buckets.begin(), buckets.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<ReductionRange> ranges;
  for (const auto& bucket : buckets) ranges.push_back(bucket.second);
  return ranges;
}

AllReduce::AllReduce(Communicator* workers, ParameterStore* store, AllReduceOptions options)
    : workers_(workers),
      store_(store),
      options_(std::move(options)),
      figures_(workers, options_.shards),
      single_sum_{{workers_->rank(), workers_->rank() + 1, store_->gradients()}} {
  if (workers_->size() > 1) BeginBuckets();
}

void AllReduce::BeginBuckets() {
  const ParameterLayout& layout = store_->layout();
  std::vector<ReductionRange> ranges = GradientBuckets(layout, options_);
  gradient_buckets_ = static_cast<int>(ranges.size());
  bucket_of_.resize(layout.size());
  bucket_parameters_.resize(gradient_buckets_);
  for (int parameter = 0; parameter < layout.size(); ++parameter) {
    const int64_t offset = layout[parameter].offset;
    const auto it = std::find_if(ranges.begin(), ranges.end(), [offset](const ReductionRange& range) {
      return range.begin <= offset && offset < range.end;
    });
    CHECK(it != ranges.end()) << layout[parameter].name;
    bucket_of_[parameter] = static_cast<int>(it - ranges.begin());
    ++bucket_parameters_[bucket_of_[parameter]];
  }
  ranges.push_back({layout.arena_elements(), store_->exchange_elements(), DType::kF32});
  buckets_ = static_cast<int>(ranges.size());
  launched_at_.resize(buckets_);
  RangeReductionOptions options;
  options.shards = options_.shards;
  reduction_ = std::make_unique<RangeReduction>(workers_, std::move(ranges), options);
}

absl::Status AllReduce::Load(const Optimizer& /*config*/, ParameterOptimizer* optimizer) {
  optimizer_ = optimizer;
  if (workers_->size() == 1) return absl::OkStatus();
  const size_t arena_bytes = store_->layout().arena_elements() * sizeof(float);
  Broadcast(workers_, store_->weights(), arena_bytes, 0);
  for (const auto& [name, state] : store_->states()) Broadcast(workers_, state.raw(), state.bytes(), 0);
  for (int slot = 0; slot < optimizer_->slot_count(); ++slot)
    Broadcast(workers_, optimizer_->slot(slot), arena_bytes, 0);
  return absl::OkStatus();
}

void AllReduce::BeginStep(const std::vector<PartialSum>& sums) {
  reduction_->Begin(sums, store_->gradients());
  missing_ = bucket_parameters_;
  noted_ = 0;
  under_way_ = true;
}

void AllReduce::OnGradientReady(int parameter) {
  if (reduction_ == nullptr || options_.shards > workers_->size()) return;
  if (!under_way_) BeginStep(single_sum_);
  --missing_[bucket_of_[parameter]];
  while (reduction_->launched() < gradient_buckets_ && missing_[reduction_->launched()] == 0) LaunchBucket();
  Progress();
}

void AllReduce::Progress() {
  if (!under_way_) return;
  reduction_->Progress();
  NoteFinished();
}

void AllReduce::LaunchBucket() {
  const double now = Trace::Now();
  if (noted_ == reduction_->launched()) busy_since_ = now;
  launched_at_[reduction_->launched()] = now;
  reduction_->Launch();
}

void AllReduce::NoteFinished() {
  if (noted_ == reduction_->finished()) return;
  const double now = Trace::Now();
  for (; noted_ < reduction_->finished(); ++noted_) {
    if (options_.trace != nullptr) {
      options_.trace->AddFlight("exchange", "bucket", launched_at_[noted_], now, noted_);
    }
  }
  if (noted_ == reduction_->launched()) under_way_s_ += now - busy_since_;
}

// Returns when the sums stand in the exchange arena.
void AllReduce::Exchange(const StepInput& input) {
  const TraceSpan span(options_.trace, "exchange", "wait for the exchange");
  const double begin = Trace::Now();
  if (!under_way_) BeginStep(input.partial_sums);
  while (reduction_->launched() < buckets_) LaunchBucket();
  const Waiting waiting(options_.activity, "all-reduce");
  for (int attempt = 0;; ++attempt) {
    if (reduction_->Progress()) {
      attempt = 0;
      waiting.Beat();
    }
    NoteFinished();
    if (reduction_->done() && figures_.Test()) break;
    waiting.SetBucket(std::min(noted_, buckets_ - 1));
    workers_->Idle(attempt);
  }
  under_way_ = false;
  ++steps_;
  exposed_s_ += Trace::Now() - begin;
}

absl::StatusOr<StepOutput> AllReduce::FinishStep(const StepInput& input) {
  CHECK(optimizer_ != nullptr) << "Load comes first";
  CHECK(!input.partial_sums.empty());
  CHECK(!under_way_ || input.partial_sums[0].values == store_->gradients());
  figures_.Start(input.figures, input.stop_requested);
  if (reduction_ != nullptr) {
    Exchange(input);
  } else if (input.partial_sums[0].values != store_->gradients()) {
    std::copy_n(input.partial_sums[0].values, store_->exchange_elements(), store_->gradients());
  }
  store_->UnpackStates();
  StepOutput output;
  output.figures = figures_.Sum();
  output.stop = figures_.stop();
  output.finite = Update(input, output.figures);
  return output;
}

bool AllReduce::Update(const StepInput& input, const ShardFigures& figures) {
  const TraceSpan span(options_.trace, "step", "update");
  // Whoever runs the steps reports it.
  if (!input.scaled && !std::isfinite(figures.loss)) return true;
  GradientNorm norm;
  if (input.scaled || optimizer_->clips()) norm = optimizer_->MeasureGradients(store_->gradients());
  if (input.scaled && !norm.finite()) return false;
  optimizer_->Step(store_->weights(), store_->gradients(),
                   {input.learning_rate, optimizer_->GradientScale(norm, input.loss_scale), input.optimizer_step});
  return true;
}

std::string AllReduce::Report() const {
  if (reduction_ == nullptr || steps_ == 0) return "";
  const double steps = static_cast<double>(steps_);
  const double sent = static_cast<double>(reduction_->bytes_sent()) / steps;
  const double hidden = under_way_s_ > 0 ? std::max(0.0, 1 - exposed_s_ / under_way_s_) : 0;
  return absl::StrFormat(
      "all-reduce: %.2f MB sent a step; %.2f ms under way, %.0f %% of it behind the backward pass, %.2f ms exposed\n",
      1e-6 * sent, 1e3 * under_way_s_ / steps, 100 * hidden, 1e3 * exposed_s_ / steps);
}

}  // namespace espalier
