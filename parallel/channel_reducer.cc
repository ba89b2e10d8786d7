#include "parallel/channel_reducer.h"

#include <algorithm>

#include "parallel/tags.h"

namespace espalier {

void CommunicatorChannelReducer::Wait(Request* request) {
  for (int attempt = 0; !communicator_->Test(request); ++attempt) {
    if (while_waiting_) while_waiting_();
    communicator_->Idle(attempt);
  }
}

void CommunicatorChannelReducer::AllReduce(double* values, int64_t count) {
  const int rank = communicator_->rank(), size = communicator_->size();
  const size_t needed = static_cast<size_t>(size) * count;
  if (gathered_.size() < needed) gathered_.resize(needed);
  const Waiting waiting(activity_, "the sums of synchronized batch norm");
  std::copy(values, values + count, gathered_.begin());
  // Each round about doubles the number of neighbours, upwards, whose values are known.
  for (int known = 1; known < size; known *= 2) {
    const int more = std::min(known, size - known);
    const size_t bytes = more * count * sizeof(double);
    Request receive =
        communicator_->Receive(gathered_.data() + known * count, bytes, (rank + known) % size, kBatchNormTag);
    Request send = communicator_->Send(gathered_.data(), bytes, (rank + size - known) % size, kBatchNormTag);
    Wait(&receive);
    Wait(&send);
  }
  std::fill(values, values + count, 0.0);
  for (int from = 0; from < size; ++from) {
    const double* theirs = gathered_.data() + (from - rank + size) % size * count;
    for (int64_t i = 0; i < count; ++i) values[i] += theirs[i];
  }
}

}  // namespace espalier
