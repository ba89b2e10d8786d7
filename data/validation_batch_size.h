// The batch size of a job's validation.
#ifndef ESPALIER_DATA_VALIDATION_BATCH_SIZE_H_
#define ESPALIER_DATA_VALIDATION_BATCH_SIZE_H_

#include <cstdint>

#include "proto/data.pb.h"

namespace espalier {

// That of training where the job gives validation none of its own.
inline int64_t ValidationBatchSize(const Data& data) {
  return data.has_validation_batch_size() ? data.validation_batch_size() : data.batch_size();
}

}  // namespace espalier

#endif  // ESPALIER_DATA_VALIDATION_BATCH_SIZE_H_
