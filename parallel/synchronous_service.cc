#include <algorithm>

#include "glog/logging.h"
#include "parallel/parameter_service.h"
#include "parallel/shard_sum.h"
#include "parallel/shard_tree.h"

namespace espalier {
namespace {

// Every step waits for all workers. Where the norm is needed, also for all gradients of all servers; elsewhere a chunk
// is updated and sent as soon as its sum is there.
class SynchronousService : public ParameterService {
 public:
  explicit SynchronousService(Context context) : ParameterService(std::move(context)) {
    for (int worker = 0; worker < workers(); ++worker) {
      nodes_.push_back(
          ShardNodes(shards(), ShardBegin(shards(), worker, workers()), ShardBegin(shards(), worker + 1, workers())));
    }
    chunks_.assign(range().chunks(), Chunk(shards(), workers()));
    squares_.resize(context_.servers);
  }

  void OnRequest(int /*worker*/, const ServerRequest& request) override {
    CHECK(request.kind == ServerRequest::kStep);
    if (requests_ == 0) {
      step_ = request;
    } else {
      CHECK_EQ(request.update, step_.update) << "workers are not at the same step";
      step_.usable = step_.usable && request.usable;
    }
    ++requests_;
    CHECK_LE(requests_, workers());
    Advance();
  }

  void OnChunk(int worker, int index, Letter letter) override {
    Chunk& chunk = chunks_[index];
    CHECK_LT(chunk.received[worker], nodes_[worker].size()) << "chunk " << index << " of worker " << worker;
    const ShardNode& node = nodes_[worker][chunk.received[worker]++];
    chunk.sum.Add(node.begin, node.end, Decode(index, std::move(letter)), context_.inbox->spare());
    if (!chunk.sum.complete()) return;
    std::vector<float> sum = chunk.sum.Take();
    std::copy(sum.begin(), sum.end(), range().gradients() + range().begin(index));
    Recycle(std::move(sum));
    chunk.summed = true;
    ++summed_;
    Advance();
  }

  void OnSquares(int server, Letter letter) override {
    const double* sums = reinterpret_cast<const double*>(letter.data());
    squares_[server].assign(sums, sums + letter.bytes / sizeof(double));
    ++squares_known_;
    Recycle(std::move(letter.memory));
    Advance();
  }

  bool idle() const override {
    return requests_ == 0 && squares_known_ == 0 && std::all_of(chunks_.begin(), chunks_.end(), [](const Chunk& chunk) {
             return std::all_of(chunk.received.begin(), chunk.received.end(), [](size_t count) { return count == 0; });
           });
  }

 private:
  struct Chunk {
    Chunk(int shards, int workers) : sum(shards), received(workers) {}
    ShardSum sum;
    std::vector<size_t> received;  // nodes of each worker
    bool summed = false;           // the gradients of all shards are in place
    bool updated = false;
  };

  int shards() const { return context_.setup.shards; }
  bool needs_norm() { return range().optimizer().clips() || step_.scaled; }

  // Does what can be done.
  void Advance() {
    if (requests_ < workers()) return;
    GradientNorm norm;
    if (needs_norm()) {
      if (!CollectNorm(&norm)) return;
    }
    const bool finite = !step_.scaled || norm.finite();
    const StepInputs inputs = {step_.learning_rate, range().optimizer().GradientScale(norm, step_.loss_scale),
                               step_.update};
    for (int i = 0; i < range().chunks(); ++i) {
      if (chunks_[i].summed && !chunks_[i].updated) Update(i, finite && step_.usable, inputs);
    }
    if (updated_ == range().chunks()) EndStep(finite);
  }

  // The norm of all gradients, if they and the other servers' squares are there.
  bool CollectNorm(GradientNorm* norm) {
    if (summed_ < range().chunks()) return false;
    if (!measured_) {
      range().optimizer().MeasureGradients(range().gradients());
      const absl::Span<const double> sums = range().optimizer().block_sums();
      for (int server = 0; server < context_.servers; ++server) {
        if (server == context_.server) continue;
        context_.outbox->Post(sums.data(), sums.size() * sizeof(double), workers() + server, kSquaresTag);
      }
      squares_[context_.server].assign(sums.begin(), sums.end());
      ++squares_known_;
      measured_ = true;
    }
    if (squares_known_ < context_.servers) return false;
    for (const std::vector<double>& sums : squares_) {
      for (double sum : sums) norm->sum_of_squares += sum;
    }
    return true;
  }

  void Update(int index, bool apply, const StepInputs& inputs) {
    context_.outbox->Await(index);
    if (apply) range().Update(index, inputs);
    for (int worker = 0; worker < workers(); ++worker) SendChunk(index, worker);
    chunks_[index].updated = true;
    ++updated_;
  }

  void EndStep(bool finite) {
    for (Chunk& chunk : chunks_) {
      std::fill(chunk.received.begin(), chunk.received.end(), 0);
      chunk.summed = chunk.updated = false;
    }
    requests_ = summed_ = updated_ = squares_known_ = 0;
    measured_ = false;
    ServerReply reply;
    reply.finite = finite;
    for (int worker = 0; worker < workers(); ++worker) Reply(worker, reply);
  }

  std::vector<std::vector<ShardNode>> nodes_;  // of each worker
  std::vector<Chunk> chunks_;
  // Of the current step.
  ServerRequest step_;
  int requests_ = 0;
  int summed_ = 0, updated_ = 0;              // chunks
  std::vector<std::vector<double>> squares_;  // of each server
  int squares_known_ = 0;
  bool measured_ = false;
};

}  // namespace

std::unique_ptr<ParameterService> MakeSynchronousService(ParameterService::Context context) {
  return std::make_unique<SynchronousService>(std::move(context));
}

}  // namespace espalier
