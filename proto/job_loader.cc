#include "proto/job_loader.h"

#include <google/protobuf/message.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/status.h"
#include "proto/diagnostics.h"
#include "proto/field_path.h"
#include "proto/job_validator.h"
#include "proto/override.h"
#include "proto/text_reader.h"

namespace espalier {
namespace {

using google::protobuf::Message;

std::vector<std::string> InFrontOf(std::vector<std::string> folders, const std::string& first) {
  folders.insert(folders.begin(), first);
  return folders;
}

// Its steps, in this order: Read, Include, Override.
class Loader {
 public:
  // `model_path` is where the document holds its model: empty if it is one.
  Loader(const std::string& file, const std::vector<std::string>& overrides,
         const std::vector<std::string>& search_folders, const std::string& model_path, SourceMap* sources,
         Diagnostics* diagnostics)
      : file_(file),
        overrides_(overrides),
        search_folders_(search_folders),
        model_path_(model_path),
        sources_(sources),
        diagnostics_(diagnostics) {}

  // The text, and the overrides that say which file holds the model.
  void Read(Message* document) {
    ReadTextFile(file_, TextOptions(), document, sources_, diagnostics_);
    for (const std::string& text : overrides_) {
      if (!NamesModel(text)) continue;
      ApplyOverride(text, TextOptions(), document, sources_, diagnostics_);
      file_overridden_ = true;
    }
  }

  // Replaces `model` by the file that it names, if it names one.
  void Include(Model* model) {
    if (file_overridden_ && model->has_file()) {
      Model named;
      named.set_file(model->file());
      *model = std::move(named);
    }
    Include({file_}, model);
  }

  void Override(Message* document) {
    for (const std::string& text : overrides_) {
      if (!NamesModel(text)) ApplyOverride(text, TextOptions(), document, sources_, diagnostics_);
    }
  }

 private:
  bool NamesModel(absl::string_view text) const {
    return OverridePath(text) == FilePath() || (!model_path_.empty() && OverridePath(text) == model_path_);
  }

  std::string FilePath() const { return FieldPath(model_path_, "file"); }

  // `includers` are the files being read; the last holds `model`.
  void Include(std::vector<std::string> includers, Model* model) {
    if (!model->has_file()) return;
    const SourceLocation where = sources_->Find(FilePath());
    const auto error = [&](std::string message) {
      diagnostics_->Add(where, FilePath(), std::move(message));
      diagnostics_->MarkUnread(model_path_);
    };
    if (model->layer_size() + model->input_size() > 0) {
      return error("expected either a file or inputs and layers in the model, found both");
    }
    const std::string beside = std::filesystem::path(includers.back()).parent_path().string();
    const absl::StatusOr<std::string> file = FindConfig(model->file(), InFrontOf(search_folders_, beside));
    if (!file.ok()) return error(std::string(file.status().message()));
    std::error_code ignored;
    for (const std::string& includer : includers) {
      if (std::filesystem::equivalent(includer, *file, ignored)) {
        return error(absl::StrCat("expected a model that does not include itself, found ",
                                  absl::StrJoin(includers, " > "), " > ", *file));
      }
    }
    includers.push_back(*file);
    // What the includer says beside `file` prevails.
    model->clear_file();
    const Model stated = std::move(*model);
    const SourceMap stated_sources = sources_->Under(model_path_);
    model->Clear();
    TextOptions options;
    options.path = model_path_;
    ReadTextFile(*file, options, model, sources_, diagnostics_);
    Include(std::move(includers), model);
    model->MergeFrom(stated);
    for (const char* field : {"name", "output"}) {
      if (!stated_sources.Contains(field)) continue;
      sources_->Mutable(FieldPath(model_path_, field))->location = stated_sources.Find(field);
    }
  }

  const std::string& file_;
  const std::vector<std::string>& overrides_;
  const std::vector<std::string>& search_folders_;
  const std::string model_path_;
  SourceMap* const sources_;
  Diagnostics* const diagnostics_;
  bool file_overridden_ = false;
};

}  // namespace

absl::StatusOr<JobDocument> LoadJob(const std::string& name, const std::vector<std::string>& overrides,
                                    const std::vector<std::string>& search_folders) {
  JobDocument document;
  ASSIGN_OR_RETURN(document.path, FindConfig(name, InFrontOf(search_folders, "")));
  Diagnostics diagnostics;
  Loader loader(document.path, overrides, search_folders, "model", &document.sources, &diagnostics);
  loader.Read(&document.job);
  if (document.job.has_model()) loader.Include(document.job.mutable_model());
  loader.Override(&document.job);
  ValidateJob(document.job, document.sources, &diagnostics);
  RETURN_IF_ERROR(diagnostics.ToStatus());
  return document;
}

absl::StatusOr<ModelDocument> LoadModel(const std::string& name, const std::vector<std::string>& overrides,
                                        const std::vector<std::string>& search_folders) {
  ModelDocument document;
  ASSIGN_OR_RETURN(document.path, FindConfig(name, InFrontOf(search_folders, "")));
  Diagnostics diagnostics;
  Loader loader(document.path, overrides, search_folders, "", &document.sources, &diagnostics);
  loader.Read(&document.model);
  loader.Include(&document.model);
  loader.Override(&document.model);
  ValidateModel(document.model, "", document.sources, &diagnostics);
  RETURN_IF_ERROR(diagnostics.ToStatus());
  return document;
}

}  // namespace espalier
