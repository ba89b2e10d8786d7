// Batch norm with given statistics is a scale and a shift: its four vectors become two.
#ifndef ESPALIER_COMPRESSION_PACKAGE_FOLD_BATCH_NORM_H_
#define ESPALIER_COMPRESSION_PACKAGE_FOLD_BATCH_NORM_H_

#include <map>
#include <string>
#include <vector>

#include "core/graph.h"
#include "core/status.h"

namespace espalier {

// Of each batch norm in the evaluation graph, rewrites the vectors "scale", "shift", "mean" and "variance" in `values`,
// which holds all parameters and states by name: scale' = scale / sqrt(variance + epsilon), shift' = shift - mean *
// scale', mean' = 0, variance' + epsilon = 1. InvalidArgument if a variance is negative beyond epsilon.
absl::Status FoldBatchNorms(const Graph& graph, std::map<std::string, std::vector<float>>* values);

}  // namespace espalier

#endif  // ESPALIER_COMPRESSION_PACKAGE_FOLD_BATCH_NORM_H_
