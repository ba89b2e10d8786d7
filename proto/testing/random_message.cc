#include "proto/testing/random_message.h"

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

namespace espalier {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

uint64_t Bits64(Random* random) { return static_cast<uint64_t>(random->NextBits()) << 32 | random->NextBits(); }

template <typename T>
T RandomWhole(Random* random) {
  switch (random->Below(4)) {
    case 0:
      return std::numeric_limits<T>::min();
    case 1:
      return std::numeric_limits<T>::max();
    default:
      // Every magnitude is as likely.
      return static_cast<T>(Bits64(random)) >> random->Below(sizeof(T) * 8);
  }
}

template <typename T, typename Bits>
T RandomReal(Random* random) {
  if (random->Below(4) == 0) return static_cast<T>(random->Below(100)) / 8;
  const Bits bits = static_cast<Bits>(Bits64(random));
  T value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

std::string RandomText(Random* random, bool bytes) {
  static const char* const kPieces[] = {"a",      "Z",          "0",        " ", "\n",           "\t",   "\"",
                                        "'",      "\\",         "#",        "}", "\x01",         "\x7f", "\xc3\xa9",
                                        "\u20ac", "\U0001f333", "\xdf\xbf", "{", "\xee\x80\x80", "?"};
  std::string text;
  for (int length = random->Below(12); length > 0; --length) {
    if (bytes) {
      text += static_cast<char>(random->Below(256));
    } else if (const int piece = random->Below(21); piece < 20) {
      text += kPieces[piece];
    } else {
      text += '\0';
    }
  }
  return text;
}

}  // namespace

void FillRandomly(Random* random, int depth, Message* message) {
  const Reflection& reflection = *message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->field(i);
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    // A message has many fields: more than a few that hold messages would grow beyond all bounds.
    if (is_message ? depth == 0 || random->Below(4) != 0 : random->Below(2) != 0) continue;
    const int count = field->is_repeated() ? random->Below(4) : 1;
    for (int k = 0; k < count; ++k) {
      switch (field->cpp_type()) {
#define FILL(CPPTYPE, Type, value)                                                                                    \
  case FieldDescriptor::CPPTYPE:                                                                                      \
    field->is_repeated() ? reflection.Add##Type(message, field, value) : reflection.Set##Type(message, field, value); \
    break;
        FILL(CPPTYPE_INT32, Int32, RandomWhole<int32_t>(random))
        FILL(CPPTYPE_INT64, Int64, RandomWhole<int64_t>(random))
        FILL(CPPTYPE_UINT32, UInt32, RandomWhole<uint32_t>(random))
        FILL(CPPTYPE_UINT64, UInt64, RandomWhole<uint64_t>(random))
        FILL(CPPTYPE_FLOAT, Float, (RandomReal<float, uint32_t>(random)))
        FILL(CPPTYPE_DOUBLE, Double, (RandomReal<double, uint64_t>(random)))
        FILL(CPPTYPE_BOOL, Bool, random->Below(2) == 1)
        FILL(CPPTYPE_STRING, String, RandomText(random, field->type() == FieldDescriptor::TYPE_BYTES))
        FILL(CPPTYPE_ENUM, Enum, field->enum_type()->value(random->Below(field->enum_type()->value_count())))
#undef FILL
        case FieldDescriptor::CPPTYPE_MESSAGE:
          FillRandomly(
              random, depth - 1,
              field->is_repeated() ? reflection.AddMessage(message, field) : reflection.MutableMessage(message, field));
      }
    }
  }
}

}  // namespace espalier
