#include "trainer/make_data_parallel.h"

#include <vector>

#include "parallel/all_reduce.h"
#include "parallel/parameter_server_client.h"

namespace espalier {
namespace {

DType WireType(DataParallelism::Wire wire) {
  switch (wire) {
    case DataParallelism::BF16:
      return DType::kBF16;
    case DataParallelism::F16:
      return DType::kF16;
    default:
      return DType::kF32;
  }
}

// The parameters in the order in which the backward pass finishes their gradients.
std::vector<int> ReadyOrder(const Plan& plan) {
  std::vector<int> order;
  for (const PlanStep& step : plan.steps) {
    order.insert(order.end(), step.gradients_ready.begin(), step.gradients_ready.end());
  }
  return order;
}

}  // namespace

std::unique_ptr<DataParallel> MakeDataParallel(const Job& job, const WorkShare& share, Network* network,
                                               Communicator* world, Communicator* workers, Activity* activity,
                                               Trace* trace) {
  const DataParallelism& data = job.parallel().data();
  if (data.has_parameter_server()) {
    ParameterServerOptions options;
    options.mode = ModeOf(data.parameter_server());
    options.world = world;
    options.workers = workers;
    options.store = &network->parameters();
    options.shards = share.shards;
    options.wire = WireType(data.wire());
    options.activity = activity;
    options.trace = trace;
    return ParameterServerClient::Create(options);
  }
  AllReduceOptions options;
  options.shards = share.shards;
  options.bucket_bytes = static_cast<int64_t>(data.all_reduce().bucket_mib() * (1 << 20));
  options.wire = WireType(data.wire());
  options.ready_order = ReadyOrder(network->training().plan());
  options.activity = activity;
  options.trace = trace;
  return std::make_unique<AllReduce>(workers, &network->parameters(), std::move(options));
}

}  // namespace espalier
