// A network that a verb works on: a model's file, or a job's with its model.
#ifndef ESPALIER_TOOLS_NETWORK_FILE_H_
#define ESPALIER_TOOLS_NETWORK_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/job_loader.h"

namespace espalier {

struct NetworkFile {
  Job job;              // of a model's file, nothing but the model
  bool is_job = false;  // not a model's file
  SourceMap sources;
  std::string path;             // of the file that was read
  std::string path_in_sources;  // the model's place there: "model", or "" for a model's file

  // "resnet18": the model's name, else the job's, else the file's.
  std::string name() const;
};

// `file` is looked up as given, then among the shipped jobs, then among the shipped models. Overrides are those of
// LoadJob or LoadModel.
absl::StatusOr<NetworkFile> LoadNetwork(const std::string& file, const std::vector<std::string>& overrides);

}  // namespace espalier

#endif  // ESPALIER_TOOLS_NETWORK_FILE_H_
