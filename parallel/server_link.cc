#include "parallel/server_link.h"

#include <algorithm>

#include "core/kernels/elementwise_kernels.h"
#include "glog/logging.h"
#include "parallel/parameter_range.h"
#include "proto/optimizer.pb.h"

namespace espalier {
ServerLink::ServerLink(const ServerLinkOptions& options)
    : options_(options),
      world_(*options.world),
      workers_(options.world->size() - options.servers),
      outbox_(options.world),
      replies_(options.servers) {
  CHECK_GE(workers_, 1);
}

void ServerLink::Divide(const ParameterLayout& layout, const std::vector<int64_t>& block_begins) {
  CHECK(outbox_.empty() && expected_.empty());
  arena_elements_ = layout.arena_elements();
  begins_ = DivideArena(block_begins, arena_elements_, options_.servers);
  chunks_.clear();
  for (int server = 0; server < options_.servers; ++server) {
    const int64_t end = begins_[server + 1];
    const int64_t size = ChunkElements(end - begins_[server], options_.chunk_elements);
    int index = 0;
    for (int64_t begin = begins_[server]; begin < end; begin += size) {
      chunks_.push_back({server, index++, begin, std::min(begin + size, end)});
    }
  }
  if (options_.copies || options_.wire != DType::kF32) {
    copies_.resize(options_.nodes * arena_elements_ * SizeOf(options_.wire));
  }
}

void ServerLink::SetUpServers(const ParameterLayout& layout, const Optimizer& config,
                              const std::vector<float*>& arenas) {
  ServerSetup setup;
  setup.mode = options_.mode;
  setup.staleness = options_.staleness;
  setup.workers = workers_;
  setup.shards = options_.shards;
  setup.wire = options_.wire;
  setup.optimizer = config.SerializeAsString();
  Expect(nullptr);
  for (int server = 0; server < options_.servers; ++server) {
    setup.chunk_elements = ChunkElements(begins_[server + 1] - begins_[server], options_.chunk_elements);
    setup.pieces = PiecesOf(layout, begins_[server], begins_[server + 1]);
    const std::string bytes = setup.Serialize();
    outbox_.Post(bytes.data(), bytes.size(), rank_of(server), kSetupTag);
  }
  Await();
  Expect(nullptr);
  ForEachArenaPiece(arenas,
                    [this](int rank, float* data, size_t bytes) { outbox_.Send(data, bytes, rank, kArenaTag, 0); });
  Await();
  AwaitPushes();
}

void ServerLink::Collect(const std::vector<float*>& arenas) {
  ServerRequest request;
  request.kind = ServerRequest::kCollect;
  Ask(request);
  std::vector<Request> requests;
  ForEachArenaPiece(arenas, [&](int rank, float* data, size_t bytes) {
    requests.push_back(world_.Receive(data, bytes, rank, kArenaTag));
  });
  for (Request& pending : requests) world_.Wait(&pending);
  AwaitPushes();
}

void ServerLink::FinishServers() {
  ServerRequest request;
  request.kind = ServerRequest::kFinish;
  Ask(request);
  AwaitPushes();
}

void ServerLink::ForEachArenaPiece(const std::vector<float*>& arenas,
                                   const std::function<void(int rank, float* data, size_t bytes)>& visit) {
  for (int server = 0; server < options_.servers; ++server) {
    for (float* arena : arenas) {
      ForEachPiece(arena + begins_[server], begins_[server + 1] - begins_[server], [&](absl::Span<float> piece) {
        visit(rank_of(server), piece.data(), piece.size() * sizeof(float));
      });
    }
  }
}

void ServerLink::PushChunk(int index, const float* gradients, int node) {
  const Chunk& chunk = chunks_[index];
  const int64_t count = chunk.end - chunk.begin;
  const size_t element_bytes = SizeOf(options_.wire);
  const void* data = gradients + chunk.begin;
  if (!copies_.empty()) {
    CHECK_LT(node, options_.nodes);
    std::byte* copy = copies_.data() + (node * arena_elements_ + chunk.begin) * element_bytes;
    Cast(DType::kF32, data, options_.wire, copy, count);
    data = copy;
  }
  outbox_.Send(data, count * element_bytes, rank_of(chunk.server), kChunkTag + chunk.index, 0);
  traffic_.pushed_bytes += static_cast<int64_t>(count * element_bytes);
}

void ServerLink::Ask(const ServerRequest& request) {
  for (int server = 0; server < options_.servers; ++server) {
    outbox_.Post(&request, sizeof request, rank_of(server), kRequestTag);
  }
  if (request.kind == ServerRequest::kStep || request.has_gradients) ++traffic_.pushes;
}

void ServerLink::Expect(float* weights) {
  CHECK(expected_.empty());
  for (int server = 0; server < options_.servers; ++server) {
    expected_.push_back(world_.Receive(&replies_[server], sizeof(ServerReply), rank_of(server), kReplyTag));
  }
  if (weights == nullptr) return;
  for (const Chunk& chunk : chunks_) {
    const size_t bytes = (chunk.end - chunk.begin) * sizeof(float);
    expected_.push_back(world_.Receive(weights + chunk.begin, bytes, rank_of(chunk.server), kChunkTag + chunk.index));
    traffic_.fetched_bytes += static_cast<int64_t>(bytes);
  }
  ++traffic_.fetches;
}

ServerReply ServerLink::Await(const std::function<void()>& poll) {
  const TraceSpan span(options_.trace, "exchange", "wait for the parameter servers");
  const double begin = Trace::Now();
  const Waiting waiting(options_.activity, "the parameter servers' answer");
  int attempt = 0;
  for (Request& request : expected_) {
    while (!world_.Test(&request)) {
      outbox_.Progress();
      if (poll) poll();
      world_.Idle(attempt++);
    }
    attempt = 0;
    waiting.Beat();
  }
  expected_.clear();
  traffic_.waited_s += Trace::Now() - begin;
  ServerReply all = replies_[0];
  for (const ServerReply& reply : replies_) {
    all.finite = all.finite && reply.finite;
    all.others_clock = std::min(all.others_clock, reply.others_clock);
  }
  return all;
}

}  // namespace espalier
