// Workers and parameter servers on threads, for tests.
#ifndef ESPALIER_PARALLEL_TESTING_SERVER_JOB_H_
#define ESPALIER_PARALLEL_TESTING_SERVER_JOB_H_

#include <cstdint>
#include <functional>
#include <string>

#include "optim/optimizer.h"
#include "parallel/parameter_server_client.h"
#include "parallel/thread_communicator.h"

namespace espalier {

struct ServerJob {
  int workers = 1;
  ParameterServerMode mode;
  int shards = 0;  // 0: as many as workers
  std::string optimizer = "sgd { momentum: 0 }";
  DType wire = DType::kF32;
  ThreadRankOptions ranks;

  std::string Text() const;
};

// What a worker has.
struct ServerJobWorker {
  int rank = 0;
  Communicator* workers = nullptr;
  ParameterStore* store = nullptr;
  ParameterOptimizer* optimizer = nullptr;
  ParameterServerClient* client = nullptr;

  // What worker 0 has goes to all.
  void Load(const std::string& optimizer_text) const;
};

// Calls `body` on each worker, before any Load; then Finish; then, if it is set, `after` on each.
void RunServerJob(const ServerJob& job, const std::function<void(const ServerJobWorker&)>& body,
                  const std::function<void(const ServerJobWorker&)>& after = nullptr);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_TESTING_SERVER_JOB_H_
