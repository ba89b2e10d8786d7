#include "core/files/json_scanner.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace espalier {

absl::Status JsonScanner::Error(const std::string& expected) const {
  std::string found = "the end";
  if (at_ < text_.size()) {
    const char c = text_[at_];
    found = absl::ascii_isprint(c) ? std::string{'\'', c, '\''} : absl::StrFormat("0x%02x", static_cast<uint8_t>(c));
  }
  return absl::DataLossError(absl::StrCat("byte ", at_, ": expected ", expected, ", found ", found));
}

void JsonScanner::SkipSpace() {
  while (at_ < text_.size() && absl::string_view(" \t\n\r").find(text_[at_]) != absl::string_view::npos) ++at_;
}

bool JsonScanner::Take(char c) {
  SkipSpace();
  if (at_ == text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

absl::Status JsonScanner::Expect(char c) { return Take(c) ? absl::OkStatus() : Error(std::string{'\'', c, '\''}); }

absl::Status JsonScanner::End() {
  SkipSpace();
  return at_ == text_.size() ? absl::OkStatus() : Error("the end");
}

absl::StatusOr<uint64_t> JsonScanner::Unsigned() {
  SkipSpace();
  const size_t begin = at_;
  uint64_t value = 0;
  for (; at_ < text_.size() && absl::ascii_isdigit(text_[at_]); ++at_) {
    const uint64_t digit = text_[at_] - '0';
    if (at_ > begin && text_[begin] == '0') return Error("no digit after a leading zero");
    if (value > (UINT64_MAX - digit) / 10) return Error("an integer below 2^64");
    value = value * 10 + digit;
  }
  if (at_ == begin) return Error("an unsigned integer");
  if (at_ < text_.size() && absl::string_view(".eE").find(text_[at_]) != absl::string_view::npos) {
    return Error("an integer without fraction and exponent");
  }
  return value;
}

bool JsonScanner::TakeDigits() {
  const size_t begin = at_;
  while (at_ < text_.size() && absl::ascii_isdigit(text_[at_])) ++at_;
  return at_ > begin;
}

absl::StatusOr<std::string> JsonScanner::Number() {
  SkipSpace();
  const size_t begin = at_;
  const auto next_is = [this](absl::string_view set) { return at_ < text_.size() && set.find(text_[at_]) != set.npos; };
  if (next_is("-")) ++at_;
  if (next_is("0")) {
    ++at_;
    if (next_is("0123456789")) return Error("no digit after a leading zero");
  } else if (!TakeDigits()) {
    return Error("a number");
  }
  if (next_is(".")) {
    ++at_;
    if (!TakeDigits()) return Error("a digit after the point");
  }
  if (next_is("eE")) {
    ++at_;
    if (next_is("+-")) ++at_;
    if (!TakeDigits()) return Error("a digit of the exponent");
  }
  return std::string(text_.substr(begin, at_ - begin));
}

bool JsonScanner::AtString() {
  SkipSpace();
  return at_ < text_.size() && text_[at_] == '"';
}

absl::Status JsonScanner::Object(const std::function<absl::Status(const std::string& key)>& member) {
  RETURN_IF_ERROR(Expect('{'));
  if (Take('}')) return absl::OkStatus();
  std::set<std::string> keys;
  do {
    ASSIGN_OR_RETURN(const std::string key, String());
    if (!keys.insert(key).second) return Error(absl::StrCat("no second member ", JsonQuoted(key)));
    RETURN_IF_ERROR(Expect(':'));
    RETURN_IF_ERROR(member(key));
  } while (Take(','));
  return Take('}') ? absl::OkStatus() : Error("',' or '}'");
}

absl::Status JsonScanner::Array(const std::function<absl::Status()>& element) {
  RETURN_IF_ERROR(Expect('['));
  if (Take(']')) return absl::OkStatus();
  do {
    RETURN_IF_ERROR(element());
  } while (Take(','));
  return Take(']') ? absl::OkStatus() : Error("',' or ']'");
}

namespace {

void AppendUtf8(uint32_t code_point, std::string* out) {
  if (code_point < 0x80) {
    out->push_back(static_cast<char>(code_point));
    return;
  }
  const int followers = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
  constexpr uint8_t kLead[] = {0, 0xc0, 0xe0, 0xf0};
  out->push_back(static_cast<char>(kLead[followers] | code_point >> (6 * followers)));
  for (int i = followers - 1; i >= 0; --i) out->push_back(static_cast<char>(0x80 | (code_point >> (6 * i) & 0x3f)));
}

}  // namespace

absl::StatusOr<std::string> JsonScanner::String() {
  RETURN_IF_ERROR(Expect('"'));
  std::string value;
  while (true) {
    if (at_ == text_.size() || static_cast<uint8_t>(text_[at_]) < 0x20) return Error("'\"'");
    const char c = text_[at_];
    if (c == '\\') {
      RETURN_IF_ERROR(TakeEscape(&value));
      continue;
    }
    ++at_;
    if (c == '"') break;
    value.push_back(c);
  }
  if (!IsUtf8(value)) return Error("the end of a string in UTF-8");
  return value;
}

absl::Status JsonScanner::TakeEscape(std::string* out) {
  constexpr absl::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
  ++at_;
  const size_t letter = at_ < text_.size() ? kLetters.find(text_[at_]) : absl::string_view::npos;
  if (letter != absl::string_view::npos) {
    out->push_back(kMeanings[letter]);
    ++at_;
    return absl::OkStatus();
  }
  if (at_ == text_.size() || text_[at_] != 'u') return Error("an escape");
  ++at_;
  ASSIGN_OR_RETURN(uint32_t code_point, TakeFourHexDigits());
  if (code_point >= 0xdc00 && code_point < 0xe000) return Error("a high surrogate before the low one");
  if (code_point >= 0xd800 && code_point < 0xdc00) {
    if (text_.substr(at_, 2) != "\\u") return Error("a low surrogate");
    at_ += 2;
    ASSIGN_OR_RETURN(const uint32_t low, TakeFourHexDigits());
    if (low < 0xdc00 || low >= 0xe000) return Error("a low surrogate");
    code_point = 0x10000 + ((code_point - 0xd800) << 10) + (low - 0xdc00);
  }
  AppendUtf8(code_point, out);
  return absl::OkStatus();
}

absl::StatusOr<uint32_t> JsonScanner::TakeFourHexDigits() {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    if (at_ == text_.size() || !absl::ascii_isxdigit(text_[at_])) return Error("four hexadecimal digits");
    const char c = absl::ascii_tolower(text_[at_]);
    value = value * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
  }
  return value;
}

std::string JsonQuoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted.push_back('\\');
      quoted.push_back(c);
    } else if (static_cast<uint8_t>(c) < 0x20) {
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned>(c));
    } else {
      quoted.push_back(c);
    }
  }
  return quoted + "\"";
}

std::string JsonQuotedText(std::string text) {
  if (!IsUtf8(text)) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c >= 0x80; }, '?');
  }
  return JsonQuoted(text);
}

bool IsUtf8(absl::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const uint8_t lead = text[at];
    const int followers = lead < 0x80 ? 0 : lead < 0xc0 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf8 ? 3 : -1;
    if (followers < 0 || text.size() - at <= followers) return false;
    uint32_t code_point = followers == 0 ? lead : lead & (0x3f >> followers);
    for (int i = 1; i <= followers; ++i) {
      const uint8_t follower = text[at + i];
      if ((follower & 0xc0) != 0x80) return false;
      code_point = code_point << 6 | (follower & 0x3f);
    }
    constexpr uint32_t kFirst[] = {0, 0x80, 0x800, 0x10000};
    if (code_point < kFirst[followers] || code_point > 0x10ffff) return false;
    if (code_point >= 0xd800 && code_point < 0xe000) return false;
    at += followers + 1;
  }
  return true;
}

}  // namespace espalier
