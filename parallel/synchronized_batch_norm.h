// Batch norm over the global batch: a pass on each rank's training graph.
#ifndef ESPALIER_PARALLEL_SYNCHRONIZED_BATCH_NORM_H_
#define ESPALIER_PARALLEL_SYNCHRONIZED_BATCH_NORM_H_

#include "core/graph.h"

namespace espalier {

// On a training graph after FuseOperators and before its gradients are appended: every batch norm becomes synchronised
// (core/ops/batch_norm.h), and the kept variances are corrected for the `global_rows` rows of all ranks instead of the
// `own_rows` of this one. The graph then runs together with those of the other ranks, with a channel reducer in its
// steps.
absl::StatusOr<Graph> SynchronizeBatchNorms(const Graph& graph, int64_t own_rows, int64_t global_rows);

}  // namespace espalier

#endif  // ESPALIER_PARALLEL_SYNCHRONIZED_BATCH_NORM_H_
