#include "proto/scalar_field.h"

#include <google/protobuf/descriptor.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/nearest_name.h"

namespace espalier {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::io::Tokenizer;

template <typename T>
std::string WholeNumberRange() {
  return absl::StrCat("a whole number from ", std::numeric_limits<T>::min(), " to ", std::numeric_limits<T>::max());
}

std::vector<std::string> ValueNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
  return names;
}

bool IsUtf8(absl::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t k) { return static_cast<uint8_t>(text[k]); };
    const uint8_t lead = byte(i++);
    if (lead < 0x80) continue;
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    uint32_t code = lead & (0x3f >> more);
    if (lead < 0xc2 || lead > 0xf4 || text.size() - i < more) return false;
    for (const size_t end = i + more; i < end; ++i) {
      if ((byte(i) & 0xc0) != 0x80) return false;
      code = code << 6 | (byte(i) & 0x3f);
    }
    // Longer than needed, half of a surrogate pair, or past the last code point.
    if (code < (more == 3   ? 0x10000
                : more == 2 ? 0x800
                            : 0x80) ||
        (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) {
      return false;
    }
  }
  return true;
}

// The parsers below return false if the scalar is of another kind or out of range.

template <typename T>
bool ParseWhole(const Scalar& scalar, T* value) {
  if (scalar.type != Tokenizer::TYPE_INTEGER) return false;
  // The largest magnitude; two's complement has one more below zero.
  uint64_t limit = std::numeric_limits<T>::max();
  if (scalar.negative) limit = std::numeric_limits<T>::is_signed ? limit + 1 : 0;
  uint64_t magnitude;
  if (!Tokenizer::ParseInteger(scalar.text, limit, &magnitude)) return false;
  *value = static_cast<T>(scalar.negative ? 0 - magnitude : magnitude);
  return true;
}

bool ParseDouble(const Scalar& scalar, double* value) {
  switch (scalar.type) {
    case Tokenizer::TYPE_INTEGER:
      // A leading zero would make it octal or hexadecimal.
      if (scalar.text.size() > 1 && scalar.text[0] == '0' && absl::ascii_isalnum(scalar.text[1])) return false;
      [[fallthrough]];
    case Tokenizer::TYPE_FLOAT:
      *value = Tokenizer::ParseFloat(scalar.text);
      if (std::isinf(*value)) return false;
      break;
    case Tokenizer::TYPE_IDENTIFIER: {
      const std::string word = absl::AsciiStrToLower(scalar.text);
      if (word == "inf" || word == "infinity") {
        *value = std::numeric_limits<double>::infinity();
      } else if (word == "nan") {
        *value = std::numeric_limits<double>::quiet_NaN();
      } else {
        return false;
      }
      break;
    }
    default:
      return false;
  }
  if (scalar.negative) *value = -*value;
  return true;
}

bool ParseFloat(const Scalar& scalar, float* value) {
  // Halfway from the largest float to what would be the next: up to here values round to the largest.
  constexpr double kLimit = 3.4028235677973366e+38;
  double wide;
  if (!ParseDouble(scalar, &wide)) return false;
  if (std::isfinite(wide) && std::fabs(wide) >= kLimit) return false;
  constexpr double kLargest = std::numeric_limits<float>::max();
  *value = static_cast<float>(std::isfinite(wide) && std::fabs(wide) > kLargest ? std::copysign(kLargest, wide) : wide);
  return true;
}

bool ParseBool(const Scalar& scalar, bool* value) {
  if (scalar.negative) return false;
  if (scalar.type == Tokenizer::TYPE_INTEGER) {
    uint64_t number;
    if (!Tokenizer::ParseInteger(scalar.text, 1, &number)) return false;
    *value = number == 1;
    return true;
  }
  if (scalar.type != Tokenizer::TYPE_IDENTIFIER) return false;
  *value = scalar.text == "true" || scalar.text == "True" || scalar.text == "t";
  return *value || scalar.text == "false" || scalar.text == "False" || scalar.text == "f";
}

const EnumValueDescriptor* ParseEnum(const Scalar& scalar, const EnumDescriptor& type) {
  if (scalar.type == Tokenizer::TYPE_IDENTIFIER) return scalar.negative ? nullptr : type.FindValueByName(scalar.text);
  int32_t number;
  return ParseWhole(scalar, &number) ? type.FindValueByNumber(number) : nullptr;
}

// Calls one of Reflection's three ways to write a value.
#define STORE(Type, value)                                                                                        \
  (index < 0                                        ? reflection.Set##Type(message, &field, value)                \
   : index < reflection.FieldSize(*message, &field) ? reflection.SetRepeated##Type(message, &field, index, value) \
                                                    : reflection.Add##Type(message, &field, value))

bool Store(const Scalar& scalar, const FieldDescriptor& field, int index, Message* message) {
  const Reflection& reflection = *message->GetReflection();
  switch (field.cpp_type()) {
#define STORE_PARSED(CPPTYPE, Type, T, Parse) \
  case FieldDescriptor::CPPTYPE: {            \
    T value;                                  \
    if (!Parse(scalar, &value)) return false; \
    STORE(Type, value);                       \
    return true;                              \
  }
    STORE_PARSED(CPPTYPE_INT32, Int32, int32_t, ParseWhole)
    STORE_PARSED(CPPTYPE_INT64, Int64, int64_t, ParseWhole)
    STORE_PARSED(CPPTYPE_UINT32, UInt32, uint32_t, ParseWhole)
    STORE_PARSED(CPPTYPE_UINT64, UInt64, uint64_t, ParseWhole)
    STORE_PARSED(CPPTYPE_DOUBLE, Double, double, ParseDouble)
    STORE_PARSED(CPPTYPE_FLOAT, Float, float, ParseFloat)
    STORE_PARSED(CPPTYPE_BOOL, Bool, bool, ParseBool)
#undef STORE_PARSED
    case FieldDescriptor::CPPTYPE_ENUM: {
      const EnumValueDescriptor* value = ParseEnum(scalar, *field.enum_type());
      if (value == nullptr) return false;
      STORE(Enum, value);
      return true;
    }
    case FieldDescriptor::CPPTYPE_STRING:
      if (scalar.type != Tokenizer::TYPE_STRING || scalar.negative) return false;
      if (field.type() == FieldDescriptor::TYPE_STRING && !IsUtf8(scalar.text)) return false;
      STORE(String, scalar.text);
      return true;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return false;
  }
  return false;
}
#undef STORE

}  // namespace

std::string DescribeExpected(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return WholeNumberRange<int32_t>();
    case FieldDescriptor::CPPTYPE_INT64:
      return WholeNumberRange<int64_t>();
    case FieldDescriptor::CPPTYPE_UINT32:
      return WholeNumberRange<uint32_t>();
    case FieldDescriptor::CPPTYPE_UINT64:
      return WholeNumberRange<uint64_t>();
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
      return "a decimal number";
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_ENUM:
      return absl::StrJoin(ValueNames(*field.enum_type()), " or ");
    case FieldDescriptor::CPPTYPE_STRING:
      return field.type() == FieldDescriptor::TYPE_BYTES ? "quoted bytes" : "a quoted string of UTF-8";
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return absl::StrCat("{ fields of ", field.message_type()->name(), " }");
  }
  return "";
}

std::optional<std::string> StoreScalar(const Scalar& scalar, const FieldDescriptor& field, int index,
                                       Message* message) {
  if (Store(scalar, field, index, message)) return std::nullopt;
  const bool too_large = field.cpp_type() == FieldDescriptor::CPPTYPE_FLOAT && scalar.type == Tokenizer::TYPE_FLOAT;
  std::string error = absl::StrCat("expected ", DescribeExpected(field), too_large ? " of at most 3.4e38" : "",
                                   ", found ", scalar.Describe());
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    const std::string nearest = NearestName(scalar.text, ValueNames(*field.enum_type()));
    if (!nearest.empty()) absl::StrAppend(&error, "; did you mean ", nearest, "?");
  }
  return error;
}

}  // namespace espalier
