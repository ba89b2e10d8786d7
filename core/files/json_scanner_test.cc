#include "core/files/json_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace espalier {
namespace {

TEST(JsonScanner, TakesNestedValues) {
  JsonScanner scanner(" { \"a\" : [1, 20,\t18446744073709551615], \"b\":\"x\" , \"c\":{}, \"d\":[]}\n");
  std::vector<uint64_t> numbers;
  std::string text;
  const absl::Status status = scanner.Object([&](const std::string& key) -> absl::Status {
    if (key == "b") {
      ASSIGN_OR_RETURN(text, scanner.String());
      return absl::OkStatus();
    }
    if (key == "c") return scanner.Object([](const std::string&) { return absl::InternalError("not empty"); });
    return scanner.Array([&]() -> absl::Status {
      ASSIGN_OR_RETURN(const uint64_t number, scanner.Unsigned());
      numbers.push_back(number);
      return absl::OkStatus();
    });
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(scanner.End().ok());
  EXPECT_THAT(numbers, ::testing::ElementsAre(1, 20, UINT64_MAX));
  EXPECT_EQ(text, "x");
}

absl::StatusOr<std::string> ScanString(absl::string_view text) {
  JsonScanner scanner(text);
  ASSIGN_OR_RETURN(std::string value, scanner.String());
  RETURN_IF_ERROR(scanner.End());
  return value;
}

TEST(JsonScanner, Strings) {
  EXPECT_EQ(*ScanString(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(*ScanString(R"("\u0041\u00e9\u20AC\ud83d\ude00")"), "A\u00e9\u20ac\U0001f600");
  EXPECT_EQ(*ScanString("\"\u00e9\U0001f600\""), "\u00e9\U0001f600");
  for (const char* bad : {"", "\"", "\"a", "x", "\"\n\"", R"("\x")", R"("\)", R"("\u12")", R"("\u12g4")", R"("\ud800")",
                          R"("\ud800\u0041")", R"("\udc00")", "\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
                          "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"", "\"a\" b"}) {
    EXPECT_EQ(ScanString(bad).status().code(), absl::StatusCode::kDataLoss) << bad;
  }
  for (const std::string& text : {std::string("plain"), std::string("\"\\/\b\n\x01"), std::string("a\0b", 3)}) {
    EXPECT_EQ(*ScanString(JsonQuoted(text)), text);
  }
}

absl::StatusOr<uint64_t> ScanUnsigned(absl::string_view text) {
  JsonScanner scanner(text);
  ASSIGN_OR_RETURN(const uint64_t value, scanner.Unsigned());
  RETURN_IF_ERROR(scanner.End());
  return value;
}

TEST(JsonScanner, UnsignedIntegers) {
  EXPECT_EQ(*ScanUnsigned("0"), 0u);
  EXPECT_EQ(*ScanUnsigned(" 907 "), 907u);
  for (const char* bad : {"", "-1", "+1", "01", "00", "1.0", "1e3", "1E3", "18446744073709551616", "0x10", "1 2"}) {
    EXPECT_FALSE(ScanUnsigned(bad).ok()) << bad;
  }
  EXPECT_EQ(ScanUnsigned("12x").status().message(), "byte 2: expected the end, found 'x'");
  EXPECT_EQ(ScanUnsigned("\x01").status().message(), "byte 0: expected an unsigned integer, found 0x01");
}

TEST(JsonScanner, NumbersKeepTheirText) {
  for (const char* good : {"0", "-0", "12.50", "1e5", "-1.5E-10", "1E+2", "123456789012345678901234567890"}) {
    JsonScanner scanner(good);
    EXPECT_FALSE(scanner.AtString());
    EXPECT_EQ(scanner.Number().value(), good);
    EXPECT_TRUE(scanner.End().ok());
  }
  for (const char* bad : {"", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "01", "-01", "nan", "inf", "\"1\""}) {
    EXPECT_EQ(JsonScanner(bad).Number().status().code(), absl::StatusCode::kDataLoss) << bad;
  }
  EXPECT_TRUE(JsonScanner(" \"1\"").AtString());
}

TEST(JsonScanner, RefusesBrokenAndRepeatingObjects) {
  for (const char* bad : {"", "{", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":1", "{a:1}", "{\"a\":1 \"b\":2}",
                          "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}", "[1]"}) {
    JsonScanner scanner(bad);
    const auto take = [&](const std::string&) { return scanner.Unsigned().status(); };
    EXPECT_EQ(scanner.Object(take).code(), absl::StatusCode::kDataLoss) << bad;
  }
}

}  // namespace
}  // namespace espalier
