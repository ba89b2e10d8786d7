#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "glog/logging.h"
#include "parallel/collectives.h"
#include "parallel/last_step.h"
#include "parallel/parameter_server_client.h"
#include "parallel/parameter_server_messages.h"
#include "parallel/shard_fold.h"

namespace espalier {
namespace {

class AsynchronousClient : public ParameterServerClient {
 public:
  explicit AsynchronousClient(const ParameterServerOptions& options)
      : ParameterServerClient(options, 1, true),
        statistics_(options.workers, options.store, options.workers->size()),
        last_step_(&world(), options.workers->size()) {}

  bool asynchronous() const override { return true; }
  absl::StatusOr<StepOutput> FinishStep(const StepInput& input) override;
  absl::Status Synchronize() override;

 private:
  // Of the steps since the last push that had usable gradients.
  struct Accrued {
    std::vector<float> gradients;  // sum, each times its gradient scale; empty where every step is pushed by itself
    int64_t steps = 0;
    double rate = 0;  // sum
  };

  void Reset() override;
  void Settle() override;
  StalenessHistogram OwnStaleness() const override { return staleness_; }
  const ParameterServerMode& mode() const { return options().mode; }

  // The mean over this worker's rows, in place of the first of its partial sums; its statistics go to the store.
  float* OwnValues(const StepInput& input);
  void BeginStep(const StepInput& input);
  void Accrue(const StepInput& input, const float* values, float scale);
  // What was accrued, or, if pushes are not put together, `values`, to be multiplied by `scale`; if any step accrued.
  void Push(const float* values, float scale, float loss_scale, ServerRequest::Want want);
  void Fetch();
  ServerReply AwaitAnswer();
  // Waits, answering questions about the last step.
  void WaitFor(const std::function<bool()>& done);
  void PollLastStep() { last_step_.Poll(in_step_ ? steps_ : steps_ + 1); }
  // Waits until all workers are here.
  void Meet();

  StatisticsSum statistics_;  // each worker a shard
  LastStep last_step_;
  int64_t steps_ = 0;  // all that were finished or begun to be
  bool in_step_ = false;
  int64_t clock_ = 0;         // steps since the last Load
  int64_t pushed_clock_ = 0;  // of them, those that pushes contain
  int64_t others_clock_ = 0;  // in the weights
  int64_t base_update_ = 0;   // updates before the last Load, roughly: a number for the update rule; 0: not known
  bool synchronized_ = true;  // no step since Synchronize or Load
  Accrued accrued_;
  StalenessHistogram staleness_;
};

void AsynchronousClient::Reset() {
  clock_ = pushed_clock_ = others_clock_ = base_update_ = 0;
  synchronized_ = true;
  accrued_ = Accrued();
  if (mode().push_every > 1) accrued_.gradients.resize(store().layout().arena_elements());
}

float* AsynchronousClient::OwnValues(const StepInput& input) {
  float* values = input.partial_sums[0].values;
  for (size_t i = 1; i < input.partial_sums.size(); ++i) {
    AddValues(values, input.partial_sums[i].values, store().exchange_elements());
  }
  if (values != store().gradients()) {
    std::copy_n(StatesOf(values), state_elements(), StatesOf(store().gradients()));
  }
  store().UnpackStates();
  return values;
}

void AsynchronousClient::Accrue(const StepInput& input, const float* values, float scale) {
  ++accrued_.steps;
  accrued_.rate += input.learning_rate;
  if (accrued_.gradients.empty()) return;
  float* sums = accrued_.gradients.data();
  const int64_t count = static_cast<int64_t>(accrued_.gradients.size());
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) sums[i] += scale * values[i];
}

void AsynchronousClient::Push(const float* values, float scale, float loss_scale, ServerRequest::Want want) {
  ServerRequest request;
  request.kind = ServerRequest::kPush;
  request.want = want;
  request.clock = pushed_clock_ = clock_;
  request.update = base_update_;
  request.has_gradients = accrued_.steps > 0;
  request.learning_rate = accrued_.rate / workers().size();
  request.gradient_scale = scale;
  if (!accrued_.gradients.empty()) {
    // Small gradients survive half precision on the wire as they did in the backward pass.
    for (float& value : accrued_.gradients) value *= loss_scale;
    request.gradient_scale = 1 / (loss_scale * static_cast<float>(std::max<int64_t>(accrued_.steps, 1)));
    values = accrued_.gradients.data();
  }
  link().AwaitPushes();
  if (want != ServerRequest::kNothing) link().Expect(want == ServerRequest::kWeights ? store().weights() : nullptr);
  link().Ask(request);
  if (request.has_gradients) {
    for (size_t chunk = 0; chunk < link().chunks().size(); ++chunk) {
      link().PushChunk(static_cast<int>(chunk), values, 0);
    }
  }
  std::fill(accrued_.gradients.begin(), accrued_.gradients.end(), 0.0f);
  accrued_.steps = 0;
  accrued_.rate = 0;
}

void AsynchronousClient::Fetch() {
  ServerRequest request;
  request.kind = ServerRequest::kPush;
  request.want = ServerRequest::kWeights;
  request.clock = pushed_clock_;
  link().Expect(store().weights());
  link().Ask(request);
}

ServerReply AsynchronousClient::AwaitAnswer() {
  return link().Await([this] { PollLastStep(); });
}

absl::StatusOr<StepOutput> AsynchronousClient::FinishStep(const StepInput& input) {
  BeginStep(input);
  StepOutput output;
  for (const ShardFigures& figures : input.figures) output.figures.Add(figures);
  float* values = OwnValues(input);
  GradientNorm norm;
  if (input.scaled || optimizer().clips()) norm = optimizer().MeasureGradients(values);
  output.finite = !input.scaled || norm.finite();
  const bool usable = output.finite && (input.scaled || std::isfinite(output.figures.loss));
  const float scale = optimizer().GradientScale(norm, input.loss_scale);
  if (usable) Accrue(input, values, scale);
  const bool fetches = clock_ % mode().fetch_every == 0;
  if (clock_ % mode().push_every == 0) {
    Push(values, scale, input.loss_scale, fetches ? ServerRequest::kWeights : ServerRequest::kNothing);
  } else if (fetches) {
    Fetch();
  }
  if (fetches) {
    others_clock_ = AwaitAnswer().others_clock;
  } else if (usable) {
    optimizer().Step(store().weights(), values, {input.learning_rate / workers().size(), scale, input.optimizer_step});
  }
  WaitFor([this] { return !last_step_.pending(); });
  output.stop = last_step_.IsLast(steps_);
  in_step_ = false;
  return output;
}

void AsynchronousClient::BeginStep(const StepInput& input) {
  const int64_t staleness = std::max<int64_t>(clock_ - others_clock_, 0);
  if (mode().mode == ServerMode::kBoundedStaleness) CHECK_LE(staleness, mode().staleness) << "weights are too old";
  staleness_.Add(staleness);
  if (base_update_ == 0) base_update_ = (input.optimizer_step - 1) * workers().size() / mode().push_every + 1;
  in_step_ = true;
  synchronized_ = false;
  ++steps_;
  ++clock_;
  if (input.stop_requested) last_step_.Ask();
  PollLastStep();
}

void AsynchronousClient::WaitFor(const std::function<bool()>& done) {
  const Waiting waiting(options().activity, "the other workers");
  for (int attempt = 0;; ++attempt) {
    PollLastStep();
    link().Progress();
    if (done()) break;
    world().Idle(attempt);
  }
  waiting.Beat();
}

void AsynchronousClient::Settle() {
  if (synchronized_) return;
  Push(nullptr, 1, 1, ServerRequest::kAnswer);
  AwaitAnswer();
  link().AwaitPushes();
  Meet();
}

// A barrier that answers questions about the last step meanwhile: some workers may still be within a step.
void AsynchronousClient::Meet() {
  const int rank = world().rank(), size = workers().size();
  for (int distance = 1; distance < size; distance *= 2) {
    Request receive = world().Receive(nullptr, 0, (rank + size - distance) % size, kMeetTag);
    Request send = world().Send(nullptr, 0, (rank + distance) % size, kMeetTag);
    WaitFor([&] {
      const bool received = world().Test(&receive);
      return world().Test(&send) && received;
    });
  }
}

absl::Status AsynchronousClient::Synchronize() {
  if (synchronized_) return absl::OkStatus();
  Settle();
  Fetch();
  others_clock_ = AwaitAnswer().others_clock;
  link().AwaitPushes();
  store().PackStates(1.0f / static_cast<float>(workers().size()));
  statistics_.Start({{workers().rank(), workers().rank() + 1, store().gradients()}});
  WaitFor([this] { return statistics_.Test(); });
  store().UnpackStates();
  synchronized_ = true;
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<ParameterServerClient> MakeAsynchronousClient(const ParameterServerOptions& options) {
  return std::make_unique<AsynchronousClient>(options);
}

}  // namespace espalier
