#include "parallel/statistics_sum.h"

#include <algorithm>

#include "glog/logging.h"

namespace espalier {

StatisticsSum::StatisticsSum(Communicator* workers, ParameterStore* store, int shards) : store_(store) {
  if (workers->size() == 1) return;
  RangeReductionOptions options;
  options.shards = shards;
  const ReductionRange tail = {store->layout().arena_elements(), store->exchange_elements(), DType::kF32};
  reduction_ = std::make_unique<RangeReduction>(workers, std::vector<ReductionRange>{tail}, options);
}

void StatisticsSum::Start(const std::vector<PartialSum>& mine) {
  if (reduction_ != nullptr) {
    reduction_->Begin(mine, store_->gradients());
    reduction_->Launch();
    return;
  }
  CHECK_EQ(mine.size(), 1u) << "a worker alone has the whole tree";
  if (mine[0].values == store_->gradients()) return;
  const int64_t begin = store_->layout().arena_elements();
  std::copy(mine[0].values + begin, mine[0].values + store_->exchange_elements(), store_->gradients() + begin);
}

bool StatisticsSum::Test() {
  if (reduction_ == nullptr) return true;
  reduction_->Progress();
  return reduction_->done();
}

}  // namespace espalier
