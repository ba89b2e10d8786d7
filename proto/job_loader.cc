#include "proto/job_loader.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/status.h"

namespace espalier {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

class Collector : public google::protobuf::io::ErrorCollector {
 public:
  explicit Collector(std::string file) : file_(std::move(file)) {}
  void AddError(int line, int column, const std::string& message) override {
    absl::StrAppend(&errors_, errors_.empty() ? "" : "\n", file_, ":", line + 1, ":", column + 1, ": ", message);
  }
  const std::string& errors() const { return errors_; }

 private:
  std::string file_;
  std::string errors_;
};

absl::Status ReadMessage(const std::string& path, Message* message) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream text;
  text << stream.rdbuf();
  if (!stream) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  Collector collector(path);
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.SetRecursionLimit(64);
  if (!parser.ParseFromString(text.str(), message)) return absl::InvalidArgumentError(collector.errors());
  return absl::OkStatus();
}

// Replaces `model` by the file that it names, if it names one.
absl::Status Include(const std::string& includer, const std::vector<std::string>& search_folders, int depth,
                     Model* model) {
  if (!model->has_file()) return absl::OkStatus();
  if (depth > 16) return absl::InvalidArgumentError(absl::StrCat(includer, ": files include each other"));
  if (model->layer_size() + model->input_size() > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(includer, ": expected either `file` or layers in the model, found both"));
  }
  std::vector<std::string> folders = search_folders;
  folders.insert(folders.begin(), std::filesystem::path(includer).parent_path().string());
  ASSIGN_OR_RETURN(const std::string path, FindConfig(model->file(), folders));
  Model included;
  RETURN_IF_ERROR(ReadMessage(path, &included));
  RETURN_IF_ERROR(Include(path, search_folders, depth + 1, &included));
  model->clear_file();
  included.MergeFrom(*model);
  *model = std::move(included);
  return absl::OkStatus();
}

absl::Status ApplyOverride(const std::string& text, Message* message) {
  const std::pair<std::string, std::string> path_value = absl::StrSplit(text, absl::MaxSplits('=', 1));
  const auto& [path, value] = path_value;
  const auto fail = [&](const auto&... what) {
    return absl::InvalidArgumentError(absl::StrCat("--set '", text, "': ", what...));
  };
  std::vector<std::string> segments = absl::StrSplit(path, '.');
  for (size_t i = 0; i < segments.size(); ++i) {
    const std::pair<std::string, std::string> name_index = absl::StrSplit(segments[i], absl::MaxSplits('[', 1));
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(name_index.first);
    if (field == nullptr) {
      return fail("expected a field of ", message->GetDescriptor()->name(), ", found ", segments[i]);
    }
    const Reflection* reflection = message->GetReflection();
    int index = -1;
    if (!name_index.second.empty() &&
        !absl::SimpleAtoi(name_index.second.substr(0, name_index.second.size() - 1), &index)) {
      return fail("expected an index, found ", segments[i]);
    }
    if (field->is_repeated() && index > reflection->FieldSize(*message, field)) return fail("index is past the end");
    if (i + 1 < segments.size()) {
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return fail(segments[i], " is not a message");
      if (field->is_repeated() != (index >= 0)) return fail("expected an index for repeated fields only");
      message = !field->is_repeated() ? reflection->MutableMessage(message, field)
                : index == reflection->FieldSize(*message, field)
                    ? reflection->AddMessage(message, field)
                    : reflection->MutableRepeatedMessage(message, field, index);
      continue;
    }
    if (!field->is_repeated()) reflection->ClearField(message, field);
    const bool raw = field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && value[0] != '"' && value[0] != '\'';
    const std::string quoted = raw ? absl::StrCat("\"", value, "\"") : value;
    if (!TextFormat::ParseFieldValueFromString(quoted, field, message)) {
      return fail("expected a value of type ", field->type_name(), ", found ", value);
    }
    if (field->is_repeated() && index >= 0 && index + 1 < reflection->FieldSize(*message, field)) {
      reflection->SwapElements(message, field, index, reflection->FieldSize(*message, field) - 1);
      reflection->RemoveLast(message, field);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<JobDocument> LoadJob(const std::string& name, const std::vector<std::string>& overrides,
                                    const std::vector<std::string>& search_folders) {
  JobDocument document;
  ASSIGN_OR_RETURN(document.path, FindConfig(name, search_folders));
  document.sources.Mutable("")->location = {std::make_shared<std::string>(document.path), 1, 1};
  RETURN_IF_ERROR(ReadMessage(document.path, &document.job));
  RETURN_IF_ERROR(Include(document.path, search_folders, 0, document.job.mutable_model()));
  for (const std::string& text : overrides) RETURN_IF_ERROR(ApplyOverride(text, &document.job));
  return document;
}

absl::StatusOr<ModelDocument> LoadModel(const std::string& name, const std::vector<std::string>& overrides,
                                        const std::vector<std::string>& search_folders) {
  ModelDocument document;
  ASSIGN_OR_RETURN(document.path, FindConfig(name, search_folders));
  document.sources.Mutable("")->location = {std::make_shared<std::string>(document.path), 1, 1};
  RETURN_IF_ERROR(ReadMessage(document.path, &document.model));
  RETURN_IF_ERROR(Include(document.path, search_folders, 0, &document.model));
  for (const std::string& text : overrides) RETURN_IF_ERROR(ApplyOverride(text, &document.model));
  return document;
}

}  // namespace espalier
