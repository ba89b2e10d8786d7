// The workers' side of parameter servers (parallel/parameter_server.h), as a method of data parallelism.
//
// Synchronous: what all-reduce computes, to the bit. A worker with a single shard pushes gradients while its backward
// pass still runs.
//
// Asynchronous (Downpour SGD: Dean et al., "Large scale distributed deep networks", 2012) and with bounded staleness
// (Ho et al., "More effective distributed ML via a stale synchronous parallel parameter server", 2013): the exchange
// arena holds means over the worker's OWN rows, not its part of the mean over the global batch. Each push is an update
// of its own, at the schedule's rate divided by the number of workers, so that all pushes of a step together move the
// weights as far as one update of the global batch. Gradients are clipped, and overflows found, by each worker for its
// own; one that overflows is not pushed.
//
//   push_every = k: a push is one update by the mean of the gradients g_i accrued in k steps at the sum of their rates
//     a_i, over the number of workers: at a constant rate Downpour's accrued sum of a_i g_i, while weight decay and the
//     adaptive rules count k steps too.
//   fetch_every = k: between two fetches the worker applies each of its gradients to its own weights, as the servers
//     will, but with slots of its own.
#ifndef ESPALIER_PARALLEL_PARAMETER_SERVER_CLIENT_H_
#define ESPALIER_PARALLEL_PARAMETER_SERVER_CLIENT_H_

#include <memory>
#include <string>
#include <vector>

#include "core/executor.h"
#include "core/files/file_system.h"
#include "parallel/activity.h"
#include "parallel/communicator.h"
#include "parallel/data_parallel.h"
#include "parallel/parameter_server_mode.h"
#include "parallel/server_link.h"
#include "parallel/staleness.h"
#include "parallel/statistics_sum.h"
#include "parallel/trace.h"

namespace espalier {

struct ParameterServerOptions {
  ParameterServerMode mode;
  Communicator* world = nullptr;    // of all ranks: workers, then servers
  Communicator* workers = nullptr;  // of the workers, in the same order
  ParameterStore* store = nullptr;
  int shards = 1;            // of the global batch
  DType wire = DType::kF32;  // of pushed gradients
  Activity* activity = nullptr;
  Trace* trace = nullptr;  // null: none is kept
  // Gradients and weights travel in chunks of this many; 1 MiB of f32.
  int64_t chunk_elements = int64_t{1} << 18;
};

class ParameterServerClient : public DataParallel {
 public:
  // Called by all workers while all servers call ServeParameters. What the options point to must outlive the client.
  static std::unique_ptr<ParameterServerClient> Create(const ParameterServerOptions& options);

  absl::Status Load(const Optimizer& config, ParameterOptimizer* optimizer) final;
  void Progress() final { link_.Progress(); }
  absl::Status Publish() final;
  absl::Status Finish() final;
  std::string Report() const final;
  // staleness.csv, unless synchronous.
  absl::Status WriteReport(FileSystem* files, const std::string& directory) const final;

  // Of each worker; on worker 0 after Finish, empty in synchronous mode.
  const std::vector<StalenessHistogram>& staleness() const { return staleness_; }

 protected:
  explicit ParameterServerClient(const ParameterServerOptions& options, int nodes, bool copies);

  // Forgets the steps before a Load.
  virtual void Reset() = 0;
  // All pushes of all workers are in the servers' weights on return.
  virtual void Settle() = 0;
  // Of this worker's steps.
  virtual StalenessHistogram OwnStaleness() const { return StalenessHistogram(); }

  const ParameterServerOptions& options() const { return options_; }
  Communicator& world() { return *world_; }
  Communicator& workers() const { return *options_.workers; }
  ParameterStore& store() const { return *options_.store; }
  ParameterOptimizer& optimizer() const { return *optimizer_; }
  ServerLink& link() { return link_; }
  // The statistics' part of an exchange arena.
  float* StatesOf(float* exchange) const { return exchange + store().layout().arena_elements(); }
  int64_t state_elements() const { return store().exchange_elements() - store().layout().arena_elements(); }

 private:
  std::vector<float*> Arenas() const;

  const ParameterServerOptions options_;
  const std::unique_ptr<Communicator> world_;  // its messages are nobody else's
  ServerLink link_;
  ParameterOptimizer* optimizer_ = nullptr;
  std::vector<StalenessHistogram> staleness_;
};

// The two kinds of client.
std::unique_ptr<ParameterServerClient> MakeSynchronousClient(const ParameterServerOptions& options);
std::unique_ptr<ParameterServerClient> MakeAsynchronousClient(const ParameterServerOptions& options);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_PARAMETER_SERVER_CLIENT_H_
