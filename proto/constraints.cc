#include "proto/constraints.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/text_format.h>

#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/status.h"
#include "proto/constraints.pb.h"
#include "proto/field_path.h"

namespace espalier {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;

// Of a number; index -1 if the field is not repeated. 64-bit integers beyond 2^53 are rounded: no range ends there.
double NumberIn(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
#define NUMBER(CPPTYPE, Type)    \
  case FieldDescriptor::CPPTYPE: \
    return index < 0 ? reflection.Get##Type(message, &field) : reflection.GetRepeated##Type(message, &field, index);
    NUMBER(CPPTYPE_INT32, Int32)
    NUMBER(CPPTYPE_INT64, Int64)
    NUMBER(CPPTYPE_UINT32, UInt32)
    NUMBER(CPPTYPE_UINT64, UInt64)
    NUMBER(CPPTYPE_DOUBLE, Double)
    NUMBER(CPPTYPE_FLOAT, Float)
#undef NUMBER
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

class Checker {
 public:
  Checker(const SourceMap& sources, Diagnostics* diagnostics) : sources_(sources), diagnostics_(diagnostics) {}

  void Check(const Message& message, const std::string& path) {
    const google::protobuf::Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) CheckField(message, *type.field(i), path);
    for (int i = 0; i < type.real_oneof_decl_count(); ++i) CheckOneof(message, *type.oneof_decl(i), path);
  }

 private:
  void CheckField(const Message& message, const FieldDescriptor& field, const std::string& path) {
    const Reflection& reflection = *message.GetReflection();
    const bool repeated = field.is_repeated();
    const int count = repeated ? reflection.FieldSize(message, &field) : reflection.HasField(message, &field);
    if (count == 0 && field.options().GetExtension(required)) CheckMissing(field, path);
    for (int i = 0; i < count; ++i) {
      const int index = repeated ? i : -1;
      if (IsMessage(field)) {
        Check(repeated ? reflection.GetRepeatedMessage(message, &field, i) : reflection.GetMessage(message, &field),
              FieldPath(path, PathSegment(field, index)));
      } else if (field.options().HasExtension(range)) {
        CheckRange(message, field, index, FieldPath(path, PathSegment(field, index)));
      }
    }
  }

  void CheckRange(const Message& message, const FieldDescriptor& field, int index, const std::string& path) {
    const absl::StatusOr<Range> interval = ParseRange(field.options().GetExtension(range));
    if (!interval.ok() || interval->Contains(NumberIn(message, field, index))) return;
    std::string found;
    google::protobuf::TextFormat::PrintFieldValueToString(message, &field, index, &found);
    diagnostics_->Add(sources_.Find(path), path,
                      absl::StrCat("expected a number ", interval->Describe(), ", found ", found));
  }

  void CheckMissing(const FieldDescriptor& field, const std::string& path) {
    const std::string field_path = FieldPath(path, field.name());
    if (diagnostics_->ExplainsAbsenceOf(field_path)) return;
    diagnostics_->Add(
        sources_.Find(path), field_path,
        absl::StrCat("expected ", field.is_repeated() ? "at least one" : "a value (it is required)", ", found none"));
  }

  void CheckOneof(const Message& message, const OneofDescriptor& oneof, const std::string& path) {
    if (!oneof.options().GetExtension(choose_one) || message.GetReflection()->HasOneof(message, &oneof)) return;
    for (const std::string& member : FieldNames(oneof)) {
      if (diagnostics_->ExplainsAbsenceOf(FieldPath(path, member))) return;
    }
    diagnostics_->Add(sources_.Find(path), path,
                      absl::StrCat("expected one of ", absl::StrJoin(FieldNames(oneof), ", "), ", found none"));
  }

  const SourceMap& sources_;
  Diagnostics* const diagnostics_;
};

}  // namespace

bool Range::Contains(double value) const {
  return std::isfinite(value) && (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high);
}

std::string Range::Describe() const {
  std::vector<std::string> bounds;
  if (std::isfinite(low)) bounds.push_back(absl::StrCat(low_open ? "above " : "of at least ", low));
  if (std::isfinite(high)) bounds.push_back(absl::StrCat(high_open ? "below " : "at most ", high));
  return bounds.empty() ? "that is finite" : absl::StrJoin(bounds, " and ");
}

absl::StatusOr<Range> ParseRange(absl::string_view text) {
  const auto error = [&] {
    return absl::InvalidArgumentError(absl::StrCat("expected a range such as \"[0, 1)\", found \"", text, "\""));
  };
  if (text.size() < 2) return error();
  Range range;
  range.low_open = text.front() == '(';
  range.high_open = text.back() == ')';
  if ((!range.low_open && text.front() != '[') || (!range.high_open && text.back() != ']')) return error();
  const std::vector<absl::string_view> bounds = absl::StrSplit(text.substr(1, text.size() - 2), ", ");
  if (bounds.size() != 2 || !absl::SimpleAtod(bounds[0], &range.low) || !absl::SimpleAtod(bounds[1], &range.high) ||
      !(range.low < range.high)) {
    return error();
  }
  return range;
}

void CheckConstraints(const Message& message, const std::string& path, const SourceMap& sources,
                      Diagnostics* diagnostics) {
  Checker(sources, diagnostics).Check(message, path);
}

}  // namespace espalier
