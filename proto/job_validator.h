// Checks of a job's values that need no graph: what the schema states (proto/constraints.h) and rules that join several
// fields. What a problem reported before explains is not reported again; after unmatched brackets nothing is checked.
#ifndef ESPALIER_PROTO_JOB_VALIDATOR_H_
#define ESPALIER_PROTO_JOB_VALIDATOR_H_

#include <string>

#include "proto/diagnostics.h"
#include "proto/job.pb.h"
#include "proto/source_map.h"

namespace espalier {

void ValidateJob(const Job& job, const SourceMap& sources, Diagnostics* diagnostics);

// `path` is the model's place in the document: empty if it is the document.
void ValidateModel(const Model& model, const std::string& path, const SourceMap& sources, Diagnostics* diagnostics);

}  // namespace espalier

#endif  // ESPALIER_PROTO_JOB_VALIDATOR_H_
