#include "proto/text_reader.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "absl/strings/str_cat.h"
#include "proto/job.pb.h"
#include "proto/testing/every_type.pb.h"

namespace espalier {
namespace {

using test::EveryType;
using test::WithRequired;

// What the reader says of a text in the file "f"; "" if all is well.
template <typename T>
std::string Errors(const std::string& text, T* message, const TextOptions& options = {}) {
  SourceMap sources;
  Diagnostics diagnostics;
  ReadText(text, "f", options, message, &sources, &diagnostics);
  return std::string(diagnostics.ToStatus().message());
}

std::string JobErrors(const std::string& text) {
  Job job;
  return Errors(text, &job);
}

std::string TypeErrors(const std::string& text) {
  EveryType message;
  return Errors(text, &message);
}

EveryType Read(const std::string& text) {
  EveryType message;
  EXPECT_EQ(Errors(text, &message), "") << text;
  return message;
}

TEST(TextReader, ReadsScalars) {
  const EveryType message = Read(R"(
    int32_field: -2147483648 int64_field: 9223372036854775807 uint32_field: 0xffffffff
    uint64_field: 18446744073709551615 sint32_field: 017 sint64_field: -0x10 fixed32_field: 0 fixed64_field: 1
    sfixed32_field: -1 sfixed64_field: -9223372036854775808
    float_field: 1.5f double_field: -.5e-3 bool_field: t string_field: "a\tb" 'c' "\303\251" bytes_field: "\xff\0"
    color_field: DEEP_BLUE
  )");
  EXPECT_EQ(message.int32_field(), std::numeric_limits<int32_t>::min());
  EXPECT_EQ(message.int64_field(), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(message.uint32_field(), std::numeric_limits<uint32_t>::max());
  EXPECT_EQ(message.uint64_field(), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(message.sint32_field(), 15);
  EXPECT_EQ(message.sint64_field(), -16);
  EXPECT_EQ(message.sfixed64_field(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(message.float_field(), 1.5f);
  EXPECT_EQ(message.double_field(), -.5e-3);
  EXPECT_TRUE(message.bool_field());
  EXPECT_EQ(message.string_field(), "a\tbc\u00e9");
  EXPECT_EQ(message.bytes_field(), std::string("\xff\0", 2));
  EXPECT_EQ(message.color_field(), test::DEEP_BLUE);
}

TEST(TextReader, ReadsFloats) {
  const EveryType message = Read("floats: [0, -7, 1e-3, inf, -Infinity, nan, 3.4028235e+38, 1e-50] doubles: 1e308");
  EXPECT_THAT(message.floats(), testing::ElementsAre(0, -7, 1e-3f, INFINITY, -INFINITY, testing::IsNan(),
                                                     std::numeric_limits<float>::max(), 0));
  EXPECT_EQ(Read("double_field: 18446744073709551616").double_field(), 0x1p64);
}

TEST(TextReader, ReadsWordsForBoolsAndNumbersForEnums) {
  EXPECT_THAT(Read("bools: [true, True, t, 1, 0x1, false, False, f, 0]").bools(),
              testing::ElementsAre(true, true, true, true, true, false, false, false, false));
  EXPECT_THAT(Read("colors: [RED, 1, -2]").colors(), testing::ElementsAre(test::RED, test::GREEN, test::DEEP_BLUE));
}

TEST(TextReader, ReadsBlocksListsAndSeparators) {
  const EveryType message = Read(R"(  # a comment
    child { int32_field: 1; } children: { number: 1 }, children < word: "}" > children [ { }, < tree { } > ]
    children: [] int32s: 1 int32s: [2, 3], int32s: []; strings: ["a" "b", 'c'] # the end
    counts { key: "x" value: 3 })");
  EXPECT_EQ(message.child().int32_field(), 1);
  ASSERT_EQ(message.children_size(), 4);
  EXPECT_EQ(message.children(1).word(), "}");
  EXPECT_TRUE(message.children(3).has_tree());
  EXPECT_THAT(message.int32s(), testing::ElementsAre(1, 2, 3));
  EXPECT_THAT(message.strings(), testing::ElementsAre("ab", "c"));
  EXPECT_EQ(message.counts().at("x"), 3);
}

TEST(TextReader, EmptyTextIsAnEmptyMessage) {
  EXPECT_EQ(TypeErrors(""), "");
  EXPECT_EQ(TypeErrors(" \n\t# nothing"), "");
}

TEST(TextReader, ReportsManyErrorsAtOnce) {
  EXPECT_EQ(JobErrors(R"(name: "many" ;
model {
  input { name: "image" dims: [1, 28, 28.5] }
  layer { conv { chanels: 20 kernel_size: 5 } }
  layer { pol { kernel: 2 } }
  layer { dense { channels: 99999999999 } }
  layer { relu {} sigmoid {} }
  layer { name: "a" name: "b" }
}
data {
  train { builtin_digits {} augment { random_crop { size: 0x10 pad: "4" } } }
  batch_size = 128
  prefetch 3
  loader_threads:
  validation { mnist { split: TESTT } }
}
optimizer { sgd { nesterov: yes } adam { beta1: x } }
precision { compute: bf16 }
phase { epochs: three learning_rate { cosine { peek: 0.1 } } }
phase: 7
)"),
            R"(f:3:39: model.input[0].dims[2]: expected a whole number from -2147483648 to 2147483647, found 28.5
f:4:18: model.layer[0].conv.chanels: expected a field of Conv, found chanels; did you mean channels?
f:4:30: model.layer[0].conv.kernel_size: expected a field of Conv, found kernel_size; did you mean kernel?
f:5:11: model.layer[1].pol: expected a field of Layer, found pol; did you mean pool?
f:6:29: model.layer[2].dense.channels: expected a whole number from -2147483648 to 2147483647, found 99999999999
f:7:19: model.layer[3].sigmoid: expected a single kind, found sigmoid beside relu at f:7:11
f:8:21: model.layer[4].name: expected name once, found it again after the one at f:8:11
f:11:69: data.train.augment.random_crop.pad: expected a whole number from -2147483648 to 2147483647, found "4"
f:12:14: data.batch_size: expected ':', found '='
f:13:12: data.prefetch: expected ':', found 3
f:15:3: data.loader_threads: expected a whole number from -2147483648 to 2147483647, found validation
f:15:31: data.validation.mnist.split: expected TRAIN or TEST, found TESTT; did you mean TEST?
f:17:29: optimizer.sgd.nesterov: expected true or false, found yes
f:17:35: optimizer.adam: expected a single rule, found adam beside sgd at f:17:13
f:17:49: optimizer.adam.beta1: expected a decimal number, found x
f:18:22: precision.compute: expected F32 or BF16 or F16, found bf16; did you mean BF16?
f:19:17: phase[0].epochs: expected a decimal number, found three
f:19:48: phase[0].learning_rate.cosine.peek: expected a field of CosineSchedule, found peek; did you mean peak?
f:20:8: phase[1]: expected { fields of Phase }, found 7)");
}

struct ErrorCase {
  const char* text;
  const char* error;
};

void PrintTo(const ErrorCase& error_case, std::ostream* out) { *out << error_case.text; }

class TextReaderError : public testing::TestWithParam<ErrorCase> {};

TEST_P(TextReaderError, IsAsExpected) { EXPECT_EQ(TypeErrors(GetParam().text), GetParam().error); }

INSTANTIATE_TEST_SUITE_P(
    Ranges, TextReaderError,
    testing::Values(
        ErrorCase{"int32_field: 2147483648",
                  "f:1:14: int32_field: expected a whole number from -2147483648 to 2147483647, found 2147483648"},
        ErrorCase{"int32_field: -2147483649",
                  "f:1:14: int32_field: expected a whole number from -2147483648 to 2147483647, found -2147483649"},
        ErrorCase{"int64_field: 9223372036854775808",
                  "f:1:14: int64_field: expected a whole number from -9223372036854775808 to 9223372036854775807, "
                  "found 9223372036854775808"},
        ErrorCase{"uint32_field: -1", "f:1:15: uint32_field: expected a whole number from 0 to 4294967295, found -1"},
        ErrorCase{"uint64_field: 18446744073709551616",
                  "f:1:15: uint64_field: expected a whole number from 0 to 18446744073709551615, found "
                  "18446744073709551616"},
        ErrorCase{"float_field: 1e39", "f:1:14: float_field: expected a decimal number of at most 3.4e38, found 1e39"},
        ErrorCase{"float_field: 010", "f:1:14: float_field: expected a decimal number, found 010"},
        ErrorCase{"double_field: 0x10", "f:1:15: double_field: expected a decimal number, found 0x10"},
        ErrorCase{"double_field: 1e999", "f:1:15: double_field: expected a decimal number, found 1e999"},
        ErrorCase{"bool_field: 2", "f:1:13: bool_field: expected true or false, found 2"},
        ErrorCase{"bool_field: -1", "f:1:13: bool_field: expected true or false, found -1"},
        ErrorCase{"color_field: 7", "f:1:14: color_field: expected RED or GREEN or DEEP_BLUE, found 7"},
        ErrorCase{"color_field: -RED",
                  "f:1:14: color_field: expected RED or GREEN or DEEP_BLUE, found -RED; did you "
                  "mean RED?"},
        ErrorCase{"color_field: \"RED\"",
                  "f:1:14: color_field: expected RED or GREEN or DEEP_BLUE, found \"RED\"; did "
                  "you mean RED?"},
        ErrorCase{"string_field: 'caf\\351'",
                  "f:1:15: string_field: expected a quoted string of UTF-8, found \"caf\\xe9\""},
        ErrorCase{"string_field: word", "f:1:15: string_field: expected a quoted string of UTF-8, found word"},
        ErrorCase{"bytes_field: 1", "f:1:14: bytes_field: expected quoted bytes, found 1"}));

INSTANTIATE_TEST_SUITE_P(
    Structure, TextReaderError,
    testing::Values(ErrorCase{"int32_field: {}",
                              "f:1:14: int32_field: expected a whole number from -2147483648 to 2147483647, "
                              "found '{'"},
                    ErrorCase{"int32_field {}", "f:1:13: int32_field: expected ':', found '{'"},
                    ErrorCase{"int32_field: [1]",
                              "f:1:14: int32_field: expected a whole number from -2147483648 to 2147483647, "
                              "found '['"},
                    ErrorCase{"int32_field", "f:1:12: int32_field: expected ':', found the end of the text"},
                    ErrorCase{"int32_field:",
                              "f:1:13: int32_field: expected a whole number from -2147483648 to 2147483647, found "
                              "the end of the text"},
                    ErrorCase{"int32_field: -",
                              "f:1:14: int32_field: expected a whole number from -2147483648 to 2147483647, "
                              "found -"},
                    ErrorCase{"child: 3", "f:1:8: child: expected { fields of EveryType }, found 3"},
                    ErrorCase{"child = { number: 3 }", "f:1:7: child: expected '{', found '='"},
                    ErrorCase{"child [ {} ]", "f:1:7: child: expected { fields of EveryType }, found '['"},
                    ErrorCase{"int32s: [1 2]", "f:1:12: int32s: expected ',' or ']', found 2"},
                    ErrorCase{"int32s: [1,]",
                              "f:1:12: int32s[1]: expected a whole number from -2147483648 to 2147483647, found "
                              "']'"},
                    ErrorCase{"int32s: [1, x, 3]",
                              "f:1:13: int32s[1]: expected a whole number from -2147483648 to 2147483647, "
                              "found x"},
                    ErrorCase{"int32s: [1, ; 3]",
                              "f:1:13: int32s[1]: expected a whole number from -2147483648 to 2147483647, found "
                              "';'"},
                    ErrorCase{"int32s: [1, 2\nword: 'x'", "f:2:1: int32s: expected ',' or ']', found word"},
                    ErrorCase{"children: [ {} {} ]", "f:1:16: children: expected ',' or ']', found '{'"},
                    ErrorCase{"[a.b] { x: 1 } word: 3",
                              "f:1:1: expected a field of EveryType, found '[': extensions and Any have no place here\n"
                              "f:1:22: word: expected a quoted string of UTF-8, found 3"},
                    ErrorCase{"extra: 1",
                              "f:1:1: extra: expected a field of EveryType, found extra; the valid names are "
                              "int32_field, int64_field, uint32_field, uint64_field, sint32_field, sint64_field, "
                              "fixed32_field, fixed64_field, sfixed32_field, sfixed64_field, float_field, "
                              "double_field, bool_field, string_field, bytes_field, color_field, child, int32s, "
                              "int64s, uint32s, uint64s, floats, doubles, bools, strings, bytes_list, colors, "
                              "children, counts, number, word, tree"},
                    ErrorCase{": 3\nword: 'x'", "f:1:1: expected a field of EveryType, found ':'"},
                    ErrorCase{"child { 3 } word: 4",
                              "f:1:9: child: expected a field of EveryType, found 3\n"
                              "f:1:19: word: expected a quoted string of UTF-8, found 4"},
                    ErrorCase{"word: 'x' ;; int32_field: 3", "f:1:12: expected a field of EveryType, found ';'"},
                    ErrorCase{"number: 1 number: 2",
                              "f:1:11: number: expected number once, found it again after the one at "
                              "f:1:1"},
                    ErrorCase{"child {} child { worm: 1 }",
                              "f:1:10: child: expected child once, found it again after the one at f:1:1\n"
                              "f:1:18: child.worm: expected a field of EveryType, found worm; did you mean word?"},
                    ErrorCase{"number: 1 word: 'x'",
                              "f:1:11: word: expected a single choice, found word beside number at f:1:1"},
                    ErrorCase{"tree { number: 1 } tree { tree {} word: 'x' }",
                              "f:1:20: tree: expected tree once, found it again after the one at f:1:1\n"
                              "f:1:35: tree.word: expected a single choice, found word beside tree"}));

INSTANTIATE_TEST_SUITE_P(
    Brackets, TextReaderError,
    testing::Values(ErrorCase{"child {",
                              "f:1:8: child: expected '}' to close child (line 1), found the end of the text"},
                    ErrorCase{"children { child {",
                              "f:1:19: children[0].child: expected '}' to close child (line 1), children[0] "
                              "(line 1), found the end of the text"},
                    ErrorCase{"child { >", "f:1:9: child: expected '}', found '>'"},
                    ErrorCase{"} number: 3", "f:1:1: expected a field of EveryType, found '}' that closes nothing"},
                    ErrorCase{"unknowable { a { b: 1 ",
                              "f:1:1: unknowable: expected a field of EveryType, found unknowable; the "
                              "valid names are int32_field, int64_field, uint32_field, uint64_field, "
                              "sint32_field, sint64_field, fixed32_field, fixed64_field, "
                              "sfixed32_field, sfixed64_field, float_field, double_field, bool_field, "
                              "string_field, bytes_field, color_field, child, int32s, int64s, uint32s, "
                              "uint64s, floats, doubles, bools, strings, bytes_list, colors, children, "
                              "counts, number, word, tree\n"
                              "f:1:12: expected a bracket that closes this '{', found the end of the "
                              "text"}));

INSTANTIATE_TEST_SUITE_P(
    Tokens, TextReaderError,
    testing::Values(
        ErrorCase{"number: 08", "f:1:10: expected octal digits after a leading 0, found another"},
        ErrorCase{"double_field: 1.2.3", "f:1:18: expected one decimal point or exponent, found a second"},
        ErrorCase{"double_field: 1e", "f:1:17: expected an exponent after e, found none"},
        ErrorCase{"double_field: 0x1.5", "f:1:18: expected a whole number after 0x or a leading 0, found a fraction"},
        ErrorCase{"word: '\\xg'", "f:1:10: expected hexadecimal digits after \\x, found something else"},
        ErrorCase{"word: '\\u12'", "f:1:12: expected four hexadecimal digits after \\u, found something else"},
        ErrorCase{"word: '\\U99999999'",
                  "f:1:10: expected eight hexadecimal digits, up to 10ffff, after \\U, found something else"},
        ErrorCase{"double_field: 0x1.5 worm: 08",
                  "f:1:18: expected a whole number after 0x or a leading 0, found a fraction\n"
                  "f:1:21: worm: expected a field of EveryType, found worm; did you mean word?"},
        ErrorCase{"word: \"x\nnumber: 1",
                  "f:1:9: expected a closing quote, found the end of the line\n"
                  "f:2:1: number: expected a single choice, found number beside word at "
                  "f:1:1"},
        ErrorCase{"word: \"x", "f:1:9: expected a closing quote, found the end of the text"},
        ErrorCase{"number: 12abc", "f:1:11: expected a blank between a number and a word, found none"},
        ErrorCase{"number: 0x", "f:1:11: expected hexadecimal digits after 0x, found none"},
        ErrorCase{"word: '\\q'",
                  "f:1:9: expected an escape such as \\n, \\\" or \\\\, found another character after \\"},
        ErrorCase{"\xc3\xa9: 1\nnumber: x",
                  "f:1:1: expected ASCII outside strings and comments, found another character\n"
                  "f:2:9: number: expected a whole number from -2147483648 to 2147483647, found x"},
        ErrorCase{"\x01\x02 number: 1", "f:1:1: expected printable characters, found a control character"}));

TEST(TextReader, FindsTheBlockThatWasNotClosed) {
  EXPECT_EQ(JobErrors(R"(
data {
  train { builtin_digits {
  batch_size: 12
}
optimizer { sgd {} }
phase { learning_rate { constant: 0.1 }
phase { epochs: x })"),
            "f:4:3: data.train.builtin_digits: expected '}' to close builtin_digits (line 3), train (line 3), found "
            "batch_size\n"
            "f:8:1: phase[0]: expected '}' to close phase[0] (line 7), found phase\n"
            "f:8:17: phase[1].epochs: expected a decimal number, found x");
  // The lists and blocks around are left alone where the missing one is known.
  EXPECT_EQ(JobErrors("model {\n layer [ { relu {} },\n { conv { channels: 3\n] }\nname: 3"),
            "f:4:1: model.layer[1].conv: expected '}' to close conv (line 3), layer[1] (line 3), found ']'\n"
            "f:5:7: name: expected a quoted string of UTF-8, found 3");
}

TEST(TextReader, TellsWhereAMisplacedFieldBelongs) {
  EXPECT_EQ(
      JobErrors("data { train { mnist { batch_size: 3 } } }"),
      "f:1:24: data.train.mnist.batch_size: expected a field of Mnist, found batch_size; batch_size is a field of "
      "Data: is a closing bracket missing or misplaced?");
}

TEST(TextReader, LimitsSizeAndDepth) {
  EveryType message;
  TextOptions options;
  options.max_bytes = 9;
  EXPECT_EQ(Errors("number: 1", &message, options), "");
  message.Clear();
  EXPECT_EQ(Errors("number: 12", &message, options), "f:1:1: expected a text of at most 9 bytes, found more");
  EXPECT_FALSE(message.has_number());

  options = {};
  options.max_depth = 2;
  EXPECT_EQ(Errors("child { child { } }", &message, options), "");
  message.Clear();
  EXPECT_EQ(Errors("child { child { child { worm: 1 } number: x } }", &message, options),
            "f:1:23: child.child.child: expected at most 2 nested messages, found more\n"
            "f:1:43: child.child.number: expected a whole number from -2147483648 to 2147483647, found x");
}

TEST(TextReader, SurvivesDeepNesting) {
  for (const std::string open : {"child {", "child <", "children: [{", "worm {", "[", "{", "<", "children: ["}) {
    std::string text;
    for (int i = 0; i < 100000; ++i) text += open;
    EveryType message;
    const std::string errors = Errors(text, &message, {2 << 20, 64, ""});
    EXPECT_NE(errors, "") << open;
    EXPECT_LT(errors.size(), 20000) << open;
  }
  std::string text;
  for (int i = 0; i < 64; ++i) text += "child {";
  EveryType message;
  EXPECT_EQ(Errors(text + std::string(64, '}'), &message), "");
}

TEST(TextReader, StopsAfterManyErrors) {
  std::string text;
  for (int i = 0; i < 10000; ++i) text += "worm: 1\n";
  const std::string errors = TypeErrors(text);
  EXPECT_EQ(std::count(errors.begin(), errors.end(), '\n'), Diagnostics::kMaximum);
  EXPECT_THAT(errors, testing::EndsWith("\nstopped after 200 errors"));
}

TEST(TextReader, ShortensLongTokens) {
  EXPECT_EQ(TypeErrors(absl::StrCat("number: ", std::string(1000, '9'))),
            absl::StrCat("f:1:9: number: expected a whole number from -2147483648 to 2147483647, found ",
                         std::string(40, '9'), "..."));
}

TEST(TextReader, ReportsRequiredFieldsThatAreAbsent) {
  WithRequired message;
  EXPECT_EQ(Errors("needed: 1\nparts { needed: 2 }\nparts { }", &message),
            "f:3:1: parts[1].needed: expected a value (it is required), found none");
}

TEST(TextReader, NotesWhereFieldsStand) {
  EveryType message;
  SourceMap sources;
  Diagnostics diagnostics;
  ReadText("child {\n  number: 3\n\tword: 'x'\n}\nint32s: [1,\n 2]\nchildren [ {},\n { tree { } } ]\nint32s: 3", "f",
           {}, &message, &sources, &diagnostics);
  EXPECT_EQ(sources.Cite(""), "f:1:1");
  EXPECT_EQ(sources.Cite("child"), "f:1:1");
  EXPECT_EQ(sources.Cite("child.number"), "f:2:3");
  EXPECT_EQ(sources.Cite("child.bool_field"), "f:1:1");
  EXPECT_EQ(sources.Cite("int32s"), "f:5:10");
  EXPECT_EQ(sources.Cite("int32s[1]"), "f:6:2");
  EXPECT_EQ(sources.Cite("int32s[2]"), "f:9:1");
  EXPECT_EQ(sources.Cite("children[1].tree.number"), "f:8:4");
  // A tab counts up to the next multiple of eight.
  ASSERT_EQ(diagnostics.all().size(), 1);
  EXPECT_EQ(diagnostics.all()[0].where.ToString(), "f:3:9");
}

TEST(TextReader, ReadsAPartOfADocument) {
  EveryType message;
  SourceMap sources;
  Diagnostics diagnostics;
  TextOptions options;
  options.path = "children[3]";
  ReadText("number: 3 worm: 4", "part", options, &message, &sources, &diagnostics);
  EXPECT_EQ(sources.Cite("children[3].number"), "part:1:1");
  ASSERT_EQ(diagnostics.all().size(), 1);
  EXPECT_EQ(diagnostics.all()[0].path, "children[3].worm");
}

TEST(TextReaderFile, ReadsFilesUpToTheLimit) {
  const std::string path = absl::StrCat(testing::TempDir(), "/text_reader.pbtxt");
  std::ofstream(path) << "number: 7";
  EveryType message;
  EXPECT_TRUE(ReadTextFile(path, &message).ok());
  EXPECT_EQ(message.number(), 7);
  TextOptions options;
  options.max_bytes = 8;
  EXPECT_EQ(ReadTextFile(path, &message, options).message(),
            absl::StrCat(path, ":1:1: expected a text of at most 8 bytes, found more"));
  EXPECT_THAT(std::string(ReadTextFile(path + ".absent", &message).message()),
              testing::StartsWith(absl::StrCat(path, ".absent:1:1: ")));
  EXPECT_FALSE(ReadTextFile(testing::TempDir(), &message).ok());
}

}  // namespace
}  // namespace espalier
