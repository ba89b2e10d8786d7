#include "parallel/testing/server_job.h"

#include <omp.h>

#include "absl/strings/str_cat.h"
#include "glog/logging.h"
#include "parallel/parameter_server.h"
#include "parallel/testing/arithmetic_job.h"

namespace espalier {

std::string ServerJob::Text() const {
  return absl::StrCat(workers, " workers, ", mode.servers, " servers, mode ", static_cast<int>(mode.mode),
                      " staleness ", mode.staleness, " push ", mode.push_every, " fetch ", mode.fetch_every, ", ",
                      optimizer, ", delay ", ranks.maximum_delay, ", seed ", ranks.seed);
}

void ServerJobWorker::Load(const std::string& optimizer_text) const {
  const absl::Status status = client->Load(ParseOptimizer(optimizer_text), optimizer);
  CHECK(status.ok()) << status;
}

void RunServerJob(const ServerJob& job, const std::function<void(const ServerJobWorker&)>& body,
                  const std::function<void(const ServerJobWorker&)>& after) {
  RunRanks(job.workers + job.mode.servers, job.ranks, [&](Communicator& world) {
    omp_set_num_threads(1);  // of this rank
    Activity activity;
    const bool server = world.rank() >= job.workers;
    const std::unique_ptr<Communicator> part = world.Split(server ? 1 : 0);
    if (server) {
      const absl::Status status = ServeParameters(world, job.mode.servers, &activity);
      CHECK(status.ok()) << status;
      return;
    }
    // What the others begin with does not matter.
    const std::unique_ptr<ParameterStore> store = MakeArithmeticStore(1 + world.rank());
    const std::unique_ptr<ParameterOptimizer> optimizer = MakeOptimizer(job.optimizer, *store);
    ParameterServerOptions options;
    options.mode = job.mode;
    options.world = &world;
    options.workers = part.get();
    options.store = store.get();
    options.shards = job.shards > 0 ? job.shards : job.workers;
    options.wire = job.wire;
    options.activity = &activity;
    options.chunk_elements = 1000;
    const std::unique_ptr<ParameterServerClient> client = ParameterServerClient::Create(options);
    const ServerJobWorker worker = {world.rank(), part.get(), store.get(), optimizer.get(), client.get()};
    body(worker);
    CHECK(client->Finish().ok());
    if (after) after(worker);
  });
}

}  // namespace espalier
