#include "proto/field_path.h"

#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

template <typename T>
std::vector<std::string> Names(const T& fields) {
  std::vector<std::string> names;
  for (int i = 0; i < fields.field_count(); ++i) names.push_back(fields.field(i)->name());
  return names;
}

}  // namespace

std::string FieldPath(absl::string_view path, absl::string_view segment) {
  if (path.empty() || segment.empty()) return absl::StrCat(path, segment);
  return absl::StrCat(path, ".", segment);
}

std::string PathSegment(const google::protobuf::FieldDescriptor& field, int index) {
  return index < 0 ? field.name() : absl::StrCat(field.name(), "[", index, "]");
}

absl::string_view ParentFieldPath(absl::string_view path) {
  const size_t dot = path.rfind('.');
  return dot == absl::string_view::npos ? absl::string_view() : path.substr(0, dot);
}

std::vector<std::string> FieldNames(const google::protobuf::Descriptor& type) { return Names(type); }
std::vector<std::string> FieldNames(const google::protobuf::OneofDescriptor& oneof) { return Names(oneof); }

}  // namespace espalier
