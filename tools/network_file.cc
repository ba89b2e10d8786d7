#include "tools/network_file.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "core/status.h"

namespace espalier {
namespace {

class IgnoreErrors : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int /*line*/, int /*column*/, const std::string& /*message*/) override {}
};

// Whether the text holds a Job; what it means, and its errors, are the loader's to say.
bool LooksLikeJob(const std::string& path) {
  std::string text(1 << 20, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), text.size());
  text.resize(file.gcount());
  Job job;
  IgnoreErrors errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(64);
  parser.ParseFromString(text, &job);
  return job.has_model() || job.has_data() || job.phase_size() > 0;
}

// The folders for jobs, and those for models within them, so that a network can be named alone.
std::vector<std::string> SearchFolders() {
  std::vector<std::string> folders = {""};
  for (const std::string& folder : DefaultConfigFolders()) {
    folders.push_back(folder);
    folders.push_back(folder + "/models");
  }
  return folders;
}

}  // namespace

std::string NetworkFile::name() const {
  if (!job.model().name().empty()) return job.model().name();
  return job.name().empty() ? std::filesystem::path(path).stem().string() : job.name();
}

absl::StatusOr<NetworkFile> LoadNetwork(const std::string& file, const std::vector<std::string>& overrides) {
  const std::vector<std::string> folders = SearchFolders();
  ASSIGN_OR_RETURN(const std::string path, FindConfig(file, folders));
  NetworkFile network;
  network.is_job = LooksLikeJob(path);
  if (network.is_job) {
    ASSIGN_OR_RETURN(JobDocument document, LoadJob(file, overrides, folders));
    network.job = std::move(document.job);
    network.sources = std::move(document.sources);
    network.path = std::move(document.path);
    network.path_in_sources = "model";
  } else {
    ASSIGN_OR_RETURN(ModelDocument document, LoadModel(file, overrides, folders));
    *network.job.mutable_model() = std::move(document.model);
    network.sources = std::move(document.sources);
    network.path = std::move(document.path);
  }
  return network;
}

}  // namespace espalier
