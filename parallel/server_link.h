// A worker's end of the talk with parameter servers (parallel/parameter_server_messages.h): which server holds what,
// pushes, and the weights that come back.
#ifndef ESPALIER_PARALLEL_SERVER_LINK_H_
#define ESPALIER_PARALLEL_SERVER_LINK_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "optim/optimizer.h"
#include "parallel/activity.h"
#include "parallel/communicator.h"
#include "parallel/mailbox.h"
#include "parallel/parameter_server_messages.h"
#include "parallel/trace.h"

namespace espalier {

struct ServerLinkOptions {
  Communicator* world = nullptr;
  int servers = 1;
  ServerMode mode = ServerMode::kSynchronous;
  int staleness = 0, shards = 1;
  DType wire = DType::kF32;
  int64_t chunk_elements = 0;  // wanted
  // A worker's pushes under way at the same time: memory for each, where pushes are copied.
  int nodes = 1;
  bool copies = false;  // pushed values may change before they have arrived
  Activity* activity = nullptr;
  Trace* trace = nullptr;
};

class ServerLink {
 public:
  struct Chunk {
    int server = 0, index = 0;   // its number there
    int64_t begin = 0, end = 0;  // elements of the arenas
  };
  struct Traffic {
    int64_t pushed_bytes = 0, fetched_bytes = 0;
    int64_t pushes = 0, fetches = 0;
    double waited_s = 0;  // for answers
  };

  explicit ServerLink(const ServerLinkOptions& options);

  int workers() const { return workers_; }

  // Divides the arenas among the servers; by all workers. Nothing may be under way.
  void Divide(const ParameterLayout& layout, const std::vector<int64_t>& block_begins);
  // Makes the servers new, with these weights and slots: `arenas`, as ParameterRange::arenas orders them. Worker 0
  // only.
  void SetUpServers(const ParameterLayout& layout, const Optimizer& config, const std::vector<float*>& arenas);
  // Fetches the servers' arenas. Worker 0 only.
  void Collect(const std::vector<float*>& arenas);
  // Lets the servers go. Worker 0 only, when nothing is under way.
  void FinishServers();

  // Ascending by their places in the arenas.
  const std::vector<Chunk>& chunks() const { return chunks_; }
  // Sends the chunk's part of an arena of gradients; `node` counts the worker's nodes of the shard tree.
  void PushChunk(int chunk, const float* gradients, int node);
  // To every server. With want other than kNothing and kinds kStep and kPush, Expect must come before.
  void Ask(const ServerRequest& request);

  // Makes ready for every server's answer and, unless null, the weights. They may change until Await returned.
  void Expect(float* weights);
  // Waits for them, calling `poll` between two looks, if it is set.
  ServerReply Await(const std::function<void()>& poll = nullptr);
  // Waits until all that was pushed may change, or its copy be used again.
  void AwaitPushes() { outbox_.AwaitAll(); }
  void Progress() { outbox_.Progress(); }

  const Traffic& traffic() const { return traffic_; }

 private:
  int rank_of(int server) const { return workers_ + server; }
  // For each server and arena, each piece of the server's range.
  void ForEachArenaPiece(const std::vector<float*>& arenas,
                         const std::function<void(int rank, float* data, size_t bytes)>& visit);

  const ServerLinkOptions options_;
  Communicator& world_;
  const int workers_;
  std::vector<int64_t> begins_;  // of the servers' ranges, and the end
  std::vector<Chunk> chunks_;
  std::vector<std::byte> copies_;  // of pushed arenas as the wire carries them, one for each node
  int64_t arena_elements_ = 0;
  Outbox outbox_;
  std::vector<ServerReply> replies_;  // of each server
  std::vector<Request> expected_;
  Traffic traffic_;
};

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_SERVER_LINK_H_
