#include "proto/constraints.h"

#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "proto/constraints.pb.h"
#include "proto/field_path.h"
#include "proto/job.pb.h"
#include "proto/text_reader.h"

namespace espalier {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

TEST(Range, HoldsItsNumbersOnly) {
  const Range half_open = *ParseRange("[0, 1)");
  EXPECT_TRUE(half_open.Contains(0));
  EXPECT_TRUE(half_open.Contains(0.999));
  EXPECT_FALSE(half_open.Contains(1));
  EXPECT_FALSE(half_open.Contains(-1e-9));
  const Range above = *ParseRange("(0, inf)");
  EXPECT_FALSE(above.Contains(0));
  EXPECT_TRUE(above.Contains(1e300));
  EXPECT_FALSE(above.Contains(INFINITY));
  EXPECT_FALSE(ParseRange("(-inf, inf)")->Contains(std::numeric_limits<double>::quiet_NaN()));
  EXPECT_TRUE(ParseRange("[-1, 1]")->Contains(1));
}

TEST(Range, DescribesItself) {
  EXPECT_EQ(ParseRange("[0, 1)")->Describe(), "of at least 0 and below 1");
  EXPECT_EQ(ParseRange("(0, 0.5]")->Describe(), "above 0 and at most 0.5");
  EXPECT_EQ(ParseRange("[1, inf)")->Describe(), "of at least 1");
  EXPECT_EQ(ParseRange("(-inf, 3)")->Describe(), "below 3");
  EXPECT_EQ(ParseRange("(-inf, inf)")->Describe(), "that is finite");
}

TEST(Range, RefusesOtherText) {
  for (const char* text : {"", "[", "[0, 1", "0, 1)", "[0 1)", "[0,1)", "[a, 1)", "[2, 1)", "[1, 1]", "[0, 1, 2)"}) {
    EXPECT_FALSE(ParseRange(text).ok()) << text;
  }
}

double DefaultOf(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return field.default_value_int32();
    case FieldDescriptor::CPPTYPE_INT64:
      return field.default_value_int64();
    case FieldDescriptor::CPPTYPE_UINT32:
      return field.default_value_uint32();
    case FieldDescriptor::CPPTYPE_UINT64:
      return field.default_value_uint64();
    case FieldDescriptor::CPPTYPE_FLOAT:
      return field.default_value_float();
    default:
      return field.default_value_double();
  }
}

bool IsNumber(const FieldDescriptor& field) {
  return field.cpp_type() <= FieldDescriptor::CPPTYPE_FLOAT;  // the integers and reals come first
}

// Every message of the job language, from Job downwards.
void Walk(const Descriptor* type, std::set<const Descriptor*>* seen) {
  if (!seen->insert(type).second) return;
  for (int i = 0; i < type->field_count(); ++i) {
    if (IsMessage(*type->field(i))) Walk(type->field(i)->message_type(), seen);
  }
}

TEST(Schema, EveryNumberHasARangeThatHoldsItsDefault) {
  std::set<const Descriptor*> types;
  Walk(Job::descriptor(), &types);
  EXPECT_GT(types.size(), 40);
  for (const Descriptor* type : types) {
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor& field = *type->field(i);
      const bool any_value = field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
      if (!field.options().HasExtension(range)) {
        EXPECT_TRUE(!IsNumber(field) || any_value) << field.full_name() << " states no (range) in the schema";
        continue;
      }
      EXPECT_TRUE(IsNumber(field)) << field.full_name() << " is no number and has no range";
      const absl::StatusOr<Range> interval = ParseRange(field.options().GetExtension(range));
      ASSERT_TRUE(interval.ok()) << field.full_name() << ": " << interval.status();
      if (field.has_default_value()) EXPECT_TRUE(interval->Contains(DefaultOf(field))) << field.full_name();
    }
  }
}

std::string Check(const std::string& text) {
  Job job;
  SourceMap sources;
  Diagnostics diagnostics;
  ReadText(text, "f", {}, &job, &sources, &diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.ToStatus();
  CheckConstraints(job, "", sources, &diagnostics);
  return std::string(diagnostics.ToStatus().message());
}

TEST(CheckConstraints, ReportsRangesWithPlaces) {
  EXPECT_EQ(Check(R"(
model { input { dims: [1, 0, -3] } layer { dropout { rate: 1 } } }
data { train { builtin_digits {} take: -9223372036854775808 } batch_size: 0 }
phase { epochs: inf learning_rate { constant: nan warmup_epochs: -0.1 } })"),
            "f:2:27: model.input[0].dims[1]: expected a number of at least 1, found 0\n"
            "f:2:30: model.input[0].dims[2]: expected a number of at least 1, found -3\n"
            "f:2:54: model.layer[0].dropout.rate: expected a number of at least 0 and below 1, found 1\n"
            "f:3:34: data.train.take: expected a number of at least 1, found -9223372036854775808\n"
            "f:3:63: data.batch_size: expected a number of at least 1, found 0\n"
            "f:4:9: phase[0].epochs: expected a number above 0, found inf\n"
            "f:4:37: phase[0].learning_rate.constant: expected a number of at least 0, found nan\n"
            "f:4:51: phase[0].learning_rate.warmup_epochs: expected a number of at least 0, found -0.1");
}

TEST(CheckConstraints, ReportsWhatIsMissing) {
  EXPECT_EQ(Check(""),
            "f:1:1: model: expected a value (it is required), found none\n"
            "f:1:1: data: expected a value (it is required), found none\n"
            "f:1:1: phase: expected at least one, found none");
  EXPECT_EQ(Check("model { input { } layer { } }\ndata { train { } }\nphase { learning_rate { cosine { } } }"),
            "f:1:9: model.input[0].dims: expected at least one, found none\n"
            "f:1:19: model.layer[0]: expected one of conv, dense, relu, leaky_relu, sigmoid, tanh, softmax, dropout, "
            "batch_norm, lrn, pool, global_average_pool, add, multiply, concat, flatten, reshape, transpose, slice, "
            "sequence, residual, branches, found none\n"
            "f:2:8: data.train: expected one of mnist, cifar10, cifar100, idx, image_folder, builtin_digits, "
            "builtin_shapes, found none\n"
            "f:3:25: phase[0].learning_rate.cosine.peak: expected a value (it is required), found none");
}

}  // namespace
}  // namespace espalier
