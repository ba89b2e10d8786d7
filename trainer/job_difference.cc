#include "trainer/job_difference.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "glog/logging.h"

namespace espalier {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;
using google::protobuf::util::MessageDifferencer;
using Path = std::vector<MessageDifferencer::SpecificField>;

// Called with `before` as the first message and the new job as the second, for each field and those around it.
class LineReporter : public MessageDifferencer::Reporter {
 public:
  explicit LineReporter(std::vector<std::string>* lines) : lines_(lines) {}

  void ReportAdded(const Message&, const Message& now, const Path& path) override {
    const std::string value = Value(now, path, path.back().new_index), before = DefaultValue(path);
    if (value != before) lines_->push_back(absl::StrCat(Name(path), ": ", value, ", was ", before));
  }
  void ReportDeleted(const Message& before, const Message&, const Path& path) override {
    const std::string value = Value(before, path, path.back().index), now = DefaultValue(path);
    if (value != now) lines_->push_back(absl::StrCat(Name(path), ": ", now, ", was ", value));
  }
  void ReportModified(const Message& before, const Message& now, const Path& path) override {
    if (path.back().field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return;  // its fields tell
    lines_->push_back(absl::StrCat(Name(path), ": ", Value(now, path, path.back().new_index), ", was ",
                                   Value(before, path, path.back().index)));
  }

 private:
  static std::string Name(const Path& path) {
    std::string name;
    for (const MessageDifferencer::SpecificField& part : path) {
      if (part.field == nullptr) continue;
      absl::StrAppend(&name, name.empty() ? "" : ".", part.field->name());
      const int index = part.new_index >= 0 ? part.new_index : part.index;
      if (part.field->is_repeated() && index >= 0) absl::StrAppend(&name, "[", index, "]");
    }
    return name;
  }

  // The field of `message`, which is the one that holds the last field of the path.
  static std::string Value(const Message& message, const Path& path, int index) {
    const FieldDescriptor* field = path.back().field;
    std::string text;
    TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    printer.PrintFieldValueToString(message, field, field->is_repeated() ? index : -1, &text);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return text;
    constexpr size_t kLongest = 60;
    absl::StripAsciiWhitespace(&text);
    if (text.size() > kLongest) text = absl::StrCat(text.substr(0, kLongest), "...");
    return absl::StrCat("{", text, "}");
  }

  // What holds where the field is left out.
  static std::string DefaultValue(const Path& path) {
    const FieldDescriptor* field = path.back().field;
    if (field->is_repeated() || field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE || field->containing_oneof()) {
      return "not set";
    }
    const Message* empty =
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(field->containing_type());
    return Value(*empty, path, -1);
  }

  std::vector<std::string>* const lines_;
};

}  // namespace

std::string JobText(const Job& job) {
  std::string text;
  CHECK(TextFormat::PrintToString(job, &text));
  return text;
}

std::vector<std::string> DifferencesOf(const Job& job, const Job& before) {
  std::vector<std::string> lines;
  LineReporter reporter(&lines);
  MessageDifferencer differencer;
  differencer.ReportDifferencesTo(&reporter);
  differencer.Compare(before, job);
  return lines;
}

}  // namespace espalier
