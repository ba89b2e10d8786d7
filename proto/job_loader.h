// Reads a job or a model from its protobuf text: finds the file, includes `model { file: ... }`, applies overrides.
#ifndef ESPALIER_PROTO_JOB_LOADER_H_
#define ESPALIER_PROTO_JOB_LOADER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/config_search.h"
#include "proto/job.pb.h"
#include "proto/source_map.h"

namespace espalier {

struct JobDocument {
  Job job;            // complete: an included model stands inline
  SourceMap sources;  // by path from the job: "model.layer[3].conv.kernel"
  std::string path;   // of the file that was read
};

struct ModelDocument {
  Model model;
  SourceMap sources;  // by path from the model: "layer[3].conv.kernel"
  std::string path;
};

// `name` is looked up as given, then in the search folders, as FindConfig does; an included model beside its includer
// first. Each override is PATH=VALUE with a value in text form and applies after
// inclusion: "phase[1].epochs=3", "model.layer[0].conv.channels=8", "optimizer={sgd {momentum: 0.5}}",
// "data.train.augment.random_crop.size=32" (absent messages are made), "phase[2].epochs=1" (an index equal to the size
// appends). Strings need no quotes. Setting `model.file` replaces the model.
absl::StatusOr<JobDocument> LoadJob(const std::string& name, const std::vector<std::string>& overrides = {},
                                    const std::vector<std::string>& search_folders = DefaultConfigFolders());

// The same for a file that holds a Model; override paths start at the model: "layer[0].conv.channels=8".
absl::StatusOr<ModelDocument> LoadModel(const std::string& name, const std::vector<std::string>& overrides = {},
                                        const std::vector<std::string>& search_folders = DefaultConfigFolders());

}  // namespace espalier

#endif  // ESPALIER_PROTO_JOB_LOADER_H_
