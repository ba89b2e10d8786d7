#include <algorithm>
#include <deque>
#include <limits>

#include "glog/logging.h"
#include "parallel/parameter_service.h"

namespace espalier {
namespace {

// Each push is an update of its own, chunk by chunk, as they arrive. (Dean et al., "Large scale distributed deep
// networks", 2012. With a bound on staleness: Ho et al., "More effective distributed ML via a stale synchronous
// parallel parameter server", 2013.)
class AsynchronousService : public ParameterService {
 public:
  explicit AsynchronousService(Context context)
      : ParameterService(std::move(context)), workers_(workers()), updates_(range().chunks()) {
    for (Worker& worker : workers_) worker.received.resize(range().chunks());
  }

  void OnRequest(int index, const ServerRequest& request) override {
    CHECK(request.kind == ServerRequest::kPush);
    Worker& worker = workers_[index];
    Push& push = worker.pushes.emplace_back();
    push.request = request;
    if (request.has_gradients) {
      push.number = worker.begun++;
      push.chunks_left = range().chunks();
      for (auto early = worker.early.begin(); early != worker.early.end();) {
        if (early->number != push.number) {
          ++early;
          continue;
        }
        Apply(&push, early->chunk, std::move(early->letter));
        early = worker.early.erase(early);
      }
    }
    Settle(index);
  }

  void OnChunk(int index, int chunk, Letter letter) override {
    Worker& worker = workers_[index];
    const int64_t number = worker.received[chunk]++;
    const auto push = std::find_if(worker.pushes.begin(), worker.pushes.end(), [&](const Push& candidate) {
      return candidate.request.has_gradients && candidate.number == number;
    });
    if (push == worker.pushes.end()) {
      worker.early.push_back({number, chunk, std::move(letter)});
      return;
    }
    Apply(&*push, chunk, std::move(letter));
    Settle(index);
  }

  void OnSquares(int server, Letter /*letter*/) override { LOG(FATAL) << "squares from server " << server; }

  bool idle() const override {
    return waiting_.empty() && std::all_of(workers_.begin(), workers_.end(), [](const Worker& worker) {
             return worker.pushes.empty() && worker.early.empty();
           });
  }

 private:
  struct Push {
    ServerRequest request;
    int64_t number = 0;  // among the worker's pushes with gradients
    int chunks_left = 0;
  };
  // A chunk that overtook its request.
  struct EarlyChunk {
    int64_t number;
    int chunk;
    Letter letter;
  };
  struct Worker {
    std::deque<Push> pushes;        // not yet applied to the end
    std::vector<int64_t> received;  // messages, of each chunk
    int64_t begun = 0;              // pushes with gradients
    std::vector<EarlyChunk> early;
    int64_t clock = 0;  // all its pushes up to this are applied
  };
  struct Answer {
    int worker;
    ServerRequest request;
  };

  void Apply(Push* push, int chunk, Letter letter) {
    context_.outbox->Await(chunk);
    std::vector<float> gradients = Decode(chunk, std::move(letter));
    std::copy(gradients.begin(), gradients.end(), range().gradients() + range().begin(chunk));
    Recycle(std::move(gradients));
    const ServerRequest& request = push->request;
    range().Update(chunk, {request.learning_rate, request.gradient_scale, request.update + updates_[chunk]++});
    --push->chunks_left;
  }

  // Takes note of the worker's pushes that are whole.
  void Settle(int index) {
    Worker& worker = workers_[index];
    bool moved = false;
    while (!worker.pushes.empty() && worker.pushes.front().chunks_left == 0) {
      const ServerRequest& request = worker.pushes.front().request;
      CHECK_GE(request.clock, worker.clock);
      worker.clock = request.clock;
      if (request.want != ServerRequest::kNothing) waiting_.push_back({index, request});
      worker.pushes.pop_front();
      moved = true;
    }
    if (!moved) return;
    const auto kept = std::partition(waiting_.begin(), waiting_.end(),
                                     [this](const Answer& answer) { return !MayAnswer(answer.request); });
    std::for_each(kept, waiting_.end(), [this](const Answer& answer) { Send(answer); });
    waiting_.erase(kept, waiting_.end());
  }

  // The worker at clock c, about to begin its step number c (from 0), needs every push of the steps before c -
  // staleness.
  bool MayAnswer(const ServerRequest& request) const {
    if (request.want != ServerRequest::kWeights || context_.setup.mode != ServerMode::kBoundedStaleness) return true;
    return SmallestClock(-1) >= request.clock - context_.setup.staleness;
  }

  int64_t SmallestClock(int except) const {
    int64_t smallest = std::numeric_limits<int64_t>::max();
    for (int i = 0; i < workers(); ++i) {
      if (i != except) smallest = std::min(smallest, workers_[i].clock);
    }
    return smallest;
  }

  void Send(const Answer& answer) {
    ServerReply reply;
    reply.others_clock = SmallestClock(answer.worker);
    Reply(answer.worker, reply);
    if (answer.request.want != ServerRequest::kWeights) return;
    for (int chunk = 0; chunk < range().chunks(); ++chunk) SendChunk(chunk, answer.worker);
  }

  std::vector<Worker> workers_;
  std::vector<int64_t> updates_;  // of each chunk
  std::vector<Answer> waiting_;
};

}  // namespace

std::unique_ptr<ParameterService> MakeAsynchronousService(ParameterService::Context context) {
  return std::make_unique<AsynchronousService>(std::move(context));
}

}  // namespace espalier
