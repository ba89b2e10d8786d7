#include "parallel/parameter_server_client.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "glog/logging.h"
#include "parallel/collectives.h"
#include "proto/optimizer.pb.h"

namespace espalier {
namespace {

ServerLinkOptions LinkOptions(const ParameterServerOptions& options, Communicator* world, int nodes, bool copies) {
  ServerLinkOptions result;
  result.world = world;
  result.servers = options.mode.servers;
  result.mode = options.mode.mode;
  result.staleness = options.mode.staleness;
  result.shards = options.shards;
  result.wire = options.wire;
  result.chunk_elements = options.chunk_elements;
  result.nodes = nodes;
  result.copies = copies;
  result.activity = options.activity;
  result.trace = options.trace;
  return result;
}

}  // namespace

std::unique_ptr<ParameterServerClient> ParameterServerClient::Create(const ParameterServerOptions& options) {
  return options.mode.mode == ServerMode::kSynchronous ? MakeSynchronousClient(options)
                                                       : MakeAsynchronousClient(options);
}

ParameterServerClient::ParameterServerClient(const ParameterServerOptions& options, int nodes, bool copies)
    : options_(options), world_(options.world->Split(0)), link_(LinkOptions(options, world_.get(), nodes, copies)) {
  CHECK_EQ(options.workers->size(), link_.workers());
  CHECK_EQ(options.workers->rank(), world_->rank());
}

std::vector<float*> ParameterServerClient::Arenas() const {
  std::vector<float*> all = {store().weights()};
  for (int i = 0; i < optimizer_->slot_count(); ++i) all.push_back(optimizer_->slot(i));
  return all;
}

absl::Status ParameterServerClient::Load(const Optimizer& config, ParameterOptimizer* optimizer) {
  if (optimizer_ != nullptr) Settle();
  optimizer_ = optimizer;
  link_.Divide(store().layout(), optimizer->BlockBegins());
  // The other workers wait in the first broadcast meanwhile.
  if (world_->rank() == 0) link_.SetUpServers(store().layout(), config, Arenas());
  const size_t bytes = store().layout().arena_elements() * sizeof(float);
  for (float* arena : Arenas()) Broadcast(&workers(), arena, bytes, 0);
  store().PackStates(1);
  Broadcast(&workers(), StatesOf(store().gradients()), state_elements() * sizeof(float), 0);
  store().UnpackStates();
  Reset();
  return absl::OkStatus();
}

absl::Status ParameterServerClient::Publish() {
  RETURN_IF_ERROR(Synchronize());
  if (world_->rank() == 0) link_.Collect(Arenas());
  // Before others push again.
  if (asynchronous()) Barrier(&workers());
  return absl::OkStatus();
}

absl::Status ParameterServerClient::Finish() {
  if (optimizer_ != nullptr) Settle();
  std::vector<std::vector<int64_t>> counts = AllGatherVectors(&workers(), OwnStaleness().counts());
  Barrier(&workers());
  if (world_->rank() != 0) return absl::OkStatus();
  if (asynchronous()) {
    for (std::vector<int64_t>& of_worker : counts) staleness_.emplace_back(std::move(of_worker));
  }
  link_.FinishServers();
  return absl::OkStatus();
}

std::string ParameterServerClient::Report() const {
  const ServerLink::Traffic& traffic = link_.traffic();
  const double mib = 1 << 20;
  std::string text = absl::StrFormat(
      "parameter servers: %d workers, %d servers; worker %d pushed %.1f MiB in %d pushes, fetched %.1f MiB in %d "
      "fetches, waited %.2f s\n",
      link_.workers(), options_.mode.servers, world_->rank(), traffic.pushed_bytes / mib, traffic.pushes,
      traffic.fetched_bytes / mib, traffic.fetches, traffic.waited_s);
  if (!staleness_.empty()) text += StalenessTable(staleness_);
  return text;
}

absl::Status ParameterServerClient::WriteReport(FileSystem* files, const std::string& directory) const {
  if (staleness_.empty()) return absl::OkStatus();
  return WriteStalenessCsv(files, JoinPath(directory, "staleness.csv"), staleness_);
}

}  // namespace espalier
