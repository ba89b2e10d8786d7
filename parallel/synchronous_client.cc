#include <algorithm>
#include <cmath>

#include "glog/logging.h"
#include "parallel/figures_exchange.h"
#include "parallel/parameter_server_client.h"
#include "parallel/shard_tree.h"

namespace espalier {
namespace {

int NodeCount(const ParameterServerOptions& options) {
  const int rank = options.workers->rank(), workers = options.workers->size();
  return static_cast<int>(ShardNodes(options.shards, ShardBegin(options.shards, rank, workers),
                                     ShardBegin(options.shards, rank + 1, workers))
                              .size());
}

class SynchronousClient : public ParameterServerClient {
 public:
  explicit SynchronousClient(const ParameterServerOptions& options)
      : ParameterServerClient(options, NodeCount(options), false),
        own_shards_(ShardBegin(options.shards, workers().rank() + 1, workers().size()) -
                    ShardBegin(options.shards, workers().rank(), workers().size())),
        figures_(options.workers, options.shards),
        statistics_(options.workers, options.store, options.shards) {
    CHECK_GE(own_shards_, 1) << "more workers than shards";
  }

  void OnGradientReady(int parameter) override {
    if (own_shards_ > 1) return;
    for (const int chunk : chunks_of_[parameter]) {
      CHECK_GT(missing_[chunk], 0) << "parameter " << parameter << " is ready twice";
      if (--missing_[chunk] == 0) link().PushChunk(chunk, store().gradients(), 0);
    }
  }

  absl::StatusOr<StepOutput> FinishStep(const StepInput& input) override;

 private:
  void Reset() override;
  void Settle() override {}
  // What OnGradientReady has not sent.
  void PushRest(const StepInput& input);

  const int own_shards_;
  FiguresExchange figures_;
  StatisticsSum statistics_;
  std::vector<std::vector<int>> chunks_of_;  // of each parameter
  std::vector<int> parameters_of_;           // of each chunk: how many; 0 where there is only padding
  std::vector<int> missing_;                 // of each chunk: those whose gradient is not ready
};

void SynchronousClient::Reset() {
  const ParameterLayout& layout = store().layout();
  const std::vector<ServerLink::Chunk>& chunks = link().chunks();
  chunks_of_.assign(layout.size(), {});
  parameters_of_.assign(chunks.size(), 0);
  for (int i = 0; i < layout.size(); ++i) {
    const int64_t end = layout[i].offset + layout[i].elements();
    for (size_t chunk = 0; chunk < chunks.size(); ++chunk) {
      if (layout[i].offset >= chunks[chunk].end || end <= chunks[chunk].begin) continue;
      chunks_of_[i].push_back(static_cast<int>(chunk));
      ++parameters_of_[chunk];
    }
  }
  missing_ = parameters_of_;
}

void SynchronousClient::PushRest(const StepInput& input) {
  const bool ready_some = missing_ != parameters_of_;
  CHECK(!ready_some || (input.partial_sums.size() == 1 && input.partial_sums[0].values == store().gradients()))
      << "gradients were sent while others were to come";
  for (size_t node = 0; node < input.partial_sums.size(); ++node) {
    for (size_t chunk = 0; chunk < missing_.size(); ++chunk) {
      if (missing_[chunk] == 0 && parameters_of_[chunk] > 0) continue;
      link().PushChunk(static_cast<int>(chunk), input.partial_sums[node].values, static_cast<int>(node));
    }
  }
  missing_ = parameters_of_;
}

absl::StatusOr<StepOutput> SynchronousClient::FinishStep(const StepInput& input) {
  link().Expect(store().weights());
  PushRest(input);
  ServerRequest request;
  request.kind = ServerRequest::kStep;
  request.learning_rate = input.learning_rate;
  request.update = input.optimizer_step;
  request.loss_scale = input.loss_scale;
  request.scaled = input.scaled;
  request.usable = input.scaled || std::all_of(input.figures.begin(), input.figures.end(),
                                               [](const ShardFigures& figures) { return std::isfinite(figures.loss); });
  link().Ask(request);
  figures_.Start(input.figures, input.stop_requested);
  statistics_.Start(input.partial_sums);
  const auto exchanged = [this] {
    const bool statistics = statistics_.Test();
    return figures_.Test() && statistics;
  };
  StepOutput output;
  output.finite = link().Await([&exchanged] { exchanged(); }).finite;
  for (int attempt = 0; !exchanged(); ++attempt) workers().Idle(attempt);
  store().UnpackStates();
  link().AwaitPushes();
  output.figures = figures_.Sum();
  output.stop = figures_.stop();
  return output;
}

}  // namespace

std::unique_ptr<ParameterServerClient> MakeSynchronousClient(const ParameterServerOptions& options) {
  return std::make_unique<SynchronousClient>(options);
}

}  // namespace espalier
