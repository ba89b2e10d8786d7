// The data parallel method that a job asks for.
#ifndef ESPALIER_TRAINER_MAKE_DATA_PARALLEL_H_
#define ESPALIER_TRAINER_MAKE_DATA_PARALLEL_H_

#include <memory>

#include "parallel/activity.h"
#include "parallel/communicator.h"
#include "parallel/data_parallel.h"
#include "parallel/trace.h"
#include "proto/job.pb.h"
#include "trainer/network.h"
#include "trainer/work_share.h"

namespace espalier {

// For a worker: `world` has all ranks of the job (null: without a parameter server), `workers` those that train. All
// must outlive the result. `activity` and `trace` may be null.
std::unique_ptr<DataParallel> MakeDataParallel(const Job& job, const WorkShare& share, Network* network,
                                               Communicator* world, Communicator* workers, Activity* activity,
                                               Trace* trace);

}  // namespace espalier

#endif  // ESPALIER_TRAINER_MAKE_DATA_PARALLEL_H_
