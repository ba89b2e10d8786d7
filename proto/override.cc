#include "proto/override.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proto/field_path.h"
#include "proto/nearest_name.h"
#include "proto/scalar_field.h"

namespace espalier {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;

// A field on the way, with its index: -1 if none was written.
struct Step {
  const FieldDescriptor* field;
  int index;
};

// Walks down the path, one message after the other.
class Override {
 public:
  Override(absl::string_view text, const TextOptions& options, Message* message, SourceMap* sources,
           Diagnostics* diagnostics)
      : text_(text),
        file_(std::make_shared<std::string>(absl::StrCat("--set '", text, "'"))),
        options_(options),
        message_(message),
        sources_(sources),
        diagnostics_(diagnostics),
        path_(options.path) {}

  void Apply() {
    const size_t equals = text_.find('=');
    if (equals == 0 || equals == absl::string_view::npos) {
      return Error(0, path_, absl::StrCat("expected PATH=VALUE, found ", equals == 0 ? "no path" : "no ="));
    }
    const absl::string_view path = absl::StripTrailingAsciiWhitespace(text_.substr(0, equals));
    for (size_t begin = 0, depth = 0; begin <= path.size(); ++depth) {
      const size_t end = std::min(path.find('.', begin), path.size());
      const std::optional<Step> step = ParseStep(path.substr(begin, end - begin), begin);
      if (!step.has_value()) return;
      if (end == path.size()) return SetValue(*step, equals + 1);
      if (depth == options_.max_depth) {
        return Error(begin, path_,
                     absl::StrCat("expected at most ", options_.max_depth, " nested messages, found more"));
      }
      if (!Enter(*step, begin)) return;
      begin = end + 1;
    }
  }

 private:
  void Error(size_t column, const std::string& path, std::string message) {
    diagnostics_->Add({file_, 1, static_cast<int>(column) + 1}, path, std::move(message));
  }

  const Reflection& reflection() const { return *message_->GetReflection(); }

  // Finds the field that "name" or "name[index]" means in the current message.
  std::optional<Step> ParseStep(absl::string_view segment, size_t column) {
    const size_t bracket = std::min(segment.find('['), segment.size());
    const std::string name(segment.substr(0, bracket));
    const std::string path = FieldPath(path_, segment);
    const FieldDescriptor* field = message_->GetDescriptor()->FindFieldByName(name);
    if (field == nullptr) {
      Error(column, path,
            absl::StrCat("expected a field of ", message_->GetDescriptor()->name(), ", found ",
                         name.empty() ? "nothing" : name, Suggestion(name, FieldNames(*message_->GetDescriptor()))));
      return std::nullopt;
    }
    if (bracket == segment.size()) return Step{field, -1};
    absl::string_view digits = segment.substr(bracket + 1);
    if (!field->is_repeated()) {
      Error(column + bracket, path,
            absl::StrCat("expected no index, for ", name, " is not repeated, found ", segment.substr(bracket)));
      return std::nullopt;
    }
    const int size = reflection().FieldSize(*message_, field);
    int index = -1;
    const bool closed = absl::ConsumeSuffix(&digits, "]");
    if (!closed || digits.empty() || !absl::ascii_isdigit(digits[0]) || !absl::SimpleAtoi(digits, &index) ||
        index > size) {
      Error(
          column + bracket, path,
          absl::StrCat("expected an index from [0] to [", size, "] (which appends), found ", segment.substr(bracket)));
      return std::nullopt;
    }
    return Step{field, index};
  }

  // Goes into the message at `step`, made if absent.
  bool Enter(const Step& step, size_t column) {
    const std::string path = FieldPath(path_, PathSegment(*step.field, step.index));
    if (!IsMessage(*step.field)) {
      Error(column, path,
            absl::StrCat("expected a message, for the path goes on, found a field that takes ",
                         DescribeExpected(*step.field)));
      return false;
    }
    if (step.field->is_repeated() && step.index < 0) {
      Error(column, path,
            absl::StrCat("expected an index from [0] to [", reflection().FieldSize(*message_, step.field),
                         "] (which appends), found none"));
      return false;
    }
    LeaveOneof(*step.field);
    const bool present = step.field->is_repeated() ? step.index < reflection().FieldSize(*message_, step.field)
                                                   : reflection().HasField(*message_, step.field);
    if (!present) sources_->Mutable(path)->location = {file_, 1, static_cast<int>(column) + 1};
    message_ = !step.field->is_repeated() ? reflection().MutableMessage(message_, step.field)
               : present                  ? reflection().MutableRepeatedMessage(message_, step.field, step.index)
                                          : reflection().AddMessage(message_, step.field);
    path_ = path;
    return true;
  }

  // Forgets where another member of the field's oneof was written; setting the field clears that member.
  void LeaveOneof(const FieldDescriptor& field) {
    const OneofDescriptor* oneof = field.containing_oneof();
    if (oneof == nullptr || !reflection().HasOneof(*message_, oneof)) return;
    const FieldDescriptor* present = reflection().GetOneofFieldDescriptor(*message_, oneof);
    if (present != &field) sources_->Erase(FieldPath(path_, present->name()));
  }

  void SetValue(const Step& step, size_t column) {
    LeaveOneof(*step.field);
    sources_->Erase(FieldPath(path_, PathSegment(*step.field, step.index)));
    if (!step.field->is_repeated()) {
      reflection().ClearField(message_, step.field);
    } else if (IsMessage(*step.field) && step.index >= 0 &&
               step.index < reflection().FieldSize(*message_, step.field)) {
      reflection().MutableRepeatedMessage(message_, step.field, step.index)->Clear();
    }
    TextOptions options = options_;
    options.path = path_;
    // Blanks in place of the path keep the columns.
    std::string value = absl::StrCat(std::string(column, ' '), text_.substr(column));
    const bool one_string =
        step.field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && (!step.field->is_repeated() || step.index >= 0);
    if (one_string && !absl::StartsWith(text_.substr(column), "\"") && !absl::StartsWith(text_.substr(column), "'")) {
      value = absl::StrCat(std::string(column, ' '), "\"", absl::CEscape(text_.substr(column)), "\"");
    }
    ReadFieldValue(value, *file_, options, *step.field, step.index, message_, sources_, diagnostics_);
  }

  const absl::string_view text_;
  const std::shared_ptr<const std::string> file_;
  const TextOptions options_;
  Message* message_;
  SourceMap* const sources_;
  Diagnostics* const diagnostics_;
  std::string path_;  // of message_
};

}  // namespace

absl::string_view OverridePath(absl::string_view text) {
  return absl::StripTrailingAsciiWhitespace(text.substr(0, text.find('=')));
}

void ApplyOverride(absl::string_view text, const TextOptions& options, Message* message, SourceMap* sources,
                   Diagnostics* diagnostics) {
  Override(text, options, message, sources, diagnostics).Apply();
}

}  // namespace espalier
