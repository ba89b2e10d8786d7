#include "trainer/shard_runner.h"

#include <algorithm>
#include <utility>

#include "trainer/divergence.h"

namespace espalier {
namespace {

ShardFigures FiguresOf(double loss, const Network::Counts& counts) {
  return {loss, counts.samples, counts.top1, counts.top5};
}

void CopyStates(const ParameterStore& from, const ParameterStore& to) {
  for (const auto& [name, tensor] : from.states()) {
    std::copy_n(tensor.data<float>(), tensor.elements(), to.states().at(name).data<float>());
  }
}

void CopyInto(const Tensor& from, Tensor* to) {
  if (!to->valid()) *to = Tensor(from.dtype(), from.shape());
  std::copy_n(from.raw(), from.bytes(), to->raw());
}

}  // namespace

ShardRunnerHooks ShardRunnerHooks::For(DataParallel* method) {
  ShardRunnerHooks hooks;
  hooks.gradient_ready = [method](int parameter) { method->OnGradientReady(parameter); };
  hooks.progress = [method] { method->Progress(); };
  return hooks;
}

ShardRunner::ShardRunner(const WorkShare& share, Network* main)
    : share_(share),
      main_(main),
      fold_(share.shards, main->parameters().exchange_elements(), main->parameters().gradients()) {}

absl::StatusOr<std::unique_ptr<ShardRunner>> ShardRunner::Create(const Model& model, const Loss& loss,
                                                                 const NetworkOptions& options, const WorkShare& share,
                                                                 Network* main) {
  std::unique_ptr<ShardRunner> runner(new ShardRunner(share, main));
  if (share.lanes == 0) return runner;
  runner->pool_ = std::make_unique<LanePool>(share.lanes);
  runner->lanes_.resize(share.lanes);
  NetworkOptions lane_options = options;
  lane_options.weights_of = &main->parameters();
  std::vector<absl::Status> statuses(share.lanes);
  // Kernels are planned for the threads that there are when they are made.
  runner->pool_->Run([&](int index) {
    absl::StatusOr<std::unique_ptr<Network>> network = Network::Create(model, loss, lane_options);
    statuses[index] = network.status();
    if (!network.ok()) return;
    Lane& lane = runner->lanes_[index];
    lane.network = *std::move(network);
    if (index > 0) lane.fold = std::make_unique<ShardFold>(share.shards, main->parameters().exchange_elements());
  });
  for (const absl::Status& status : statuses) RETURN_IF_ERROR(status);
  return runner;
}

void ShardRunner::set_hooks(ShardRunnerHooks hooks) {
  hooks_ = std::move(hooks);
  if (!lanes_.empty()) return;
  main_->training().set_on_gradient_ready([this](int parameter) {
    if (hooks_.transform_gradient) hooks_.transform_gradient(parameter, main_->parameters().gradients());
    if (hooks_.gradient_ready) hooks_.gradient_ready(parameter);
  });
  main_->training().set_on_step(hooks_.progress);
}

float ShardRunner::ShareOfBatch(int shard) const {
  return static_cast<float>(share_.RowsOf(shard)) / static_cast<float>(share_.batch_size);
}

void ShardRunner::Run(const Batch& batch, float loss_scale, const StepContext& context, StepInput* input) {
  batch_ = &batch;
  context_ = context;
  gradient_seed_ = loss_scale / static_cast<float>(share_.asynchronous ? batch.count : share_.batch_size);
  input->partial_sums.clear();
  input->figures.resize(share_.end_shard() - share_.first_shard());
  if (lanes_.empty()) {
    RunWhole(input);
  } else {
    RunShards(input);
  }
}

void ShardRunner::RunWhole(StepInput* input) {
  const double loss = main_->TrainStep(batch_->images, batch_->labels, batch_->sample_ids, gradient_seed_, context_);
  input->figures[0] = FiguresOf(loss, main_->LastCounts());
  ParameterStore& store = main_->parameters();
  store.PackStates(share_.asynchronous ? 1 : ShareOfBatch(share_.first_shard()));
  input->partial_sums.push_back({share_.first_shard(), share_.end_shard(), store.gradients()});
}

void ShardRunner::RunShard(int shard, Network* network, ShardFigures* figures) {
  ParameterStore& store = network->parameters();
  CopyStates(main_->parameters(), store);
  const int64_t begin = share_.RowBegin(shard) - share_.row_begin();
  const int64_t rows = share_.RowsOf(shard);
  const double loss = network->TrainStep(batch_->images.Slice(begin, rows), batch_->labels.Slice(begin, rows),
                                         batch_->sample_ids.Slice(begin, rows), gradient_seed_, context_);
  *figures = FiguresOf(loss, network->LastCounts());
  store.PackStates(share_.asynchronous ? static_cast<float>(rows) / static_cast<float>(share_.rows())
                                       : ShareOfBatch(shard));
}

void ShardRunner::RunShards(StepInput* input) {
  const int first = share_.first_shard(), count = share_.end_shard() - first;
  fold_.Clear();
  pool_->Run([&](int index) {
    Lane& lane = lanes_[index];
    ShardFold* fold = &fold_;
    if (index > 0) {
      fold = lane.fold.get();
      fold->Clear();
    }
    for (int i = ShardBegin(count, index, share_.lanes); i < ShardBegin(count, index + 1, share_.lanes); ++i) {
      RunShard(first + i, lane.network.get(), &input->figures[i]);
      // Each shard's by itself: a transform that rounds then gives the same bits wherever the shards are summed.
      TransformAll(lane.network->parameters().gradients());
      fold->Add(first + i, first + i + 1, lane.network->parameters().gradients());
    }
  });
  for (size_t lane = 1; lane < lanes_.size(); ++lane) {
    for (const PartialSum& sum : lanes_[lane].fold->sums()) fold_.Add(sum.begin, sum.end, sum.values);
  }
  input->partial_sums = fold_.sums();
}

void ShardRunner::TransformAll(float* arena) const {
  if (!hooks_.transform_gradient) return;
  for (int i = 0; i < main_->parameters().layout().size(); ++i) hooks_.transform_gradient(i, arena);
}

std::string ShardRunner::LocateNonFinite() {
  if (lanes_.empty()) return espalier::LocateNonFinite(*main_, context_);
  // A lane is bound to the last shard it computed: each is computed again.
  std::string where;
  for (int shard = share_.first_shard(); shard < share_.end_shard(); ++shard) {
    ShardFigures figures;
    RunShard(shard, lanes_[0].network.get(), &figures);
    where = espalier::LocateNonFinite(*lanes_[0].network, context_);
    if (where != kNotLocated) break;
  }
  return where;
}

absl::StatusOr<std::optional<std::vector<ShardFigures>>> ShardRunner::Evaluate(
    Loader& data, uint64_t seed, const std::function<bool()>& stop_requested) {
  const int64_t batches = data.batches_per_epoch();
  const int64_t side_by_side = std::max<int64_t>(1, lanes_.size());
  std::vector<ShardFigures> figures(batches);
  if (batches > 0) data.Seek(0, 0);
  for (const Lane& lane : lanes_) CopyStates(main_->parameters(), lane.network->parameters());
  for (int64_t first = 0; first < batches; first += side_by_side) {
    if (stop_requested()) return std::nullopt;
    on_batch_();
    if (lanes_.empty()) {
      ASSIGN_OR_RETURN(const Batch* batch, data.Next());
      const double loss = main_->Evaluate(batch->images, batch->labels, {seed, 0});
      figures[first] = FiguresOf(loss, main_->LastCounts());
      continue;
    }
    const int64_t count = std::min(side_by_side, batches - first);
    for (int64_t i = 0; i < count; ++i) {
      ASSIGN_OR_RETURN(const Batch* batch, data.Next());
      CopyInto(batch->images, &lanes_[i].images);
      CopyInto(batch->labels, &lanes_[i].labels);
    }
    pool_->Run([&](int index) {
      if (index >= count) return;
      Lane& lane = lanes_[index];
      const double loss = lane.network->Evaluate(lane.images, lane.labels, {seed, 0});
      figures[first + index] = FiguresOf(loss, lane.network->LastCounts());
    });
  }
  return figures;
}

}  // namespace espalier
