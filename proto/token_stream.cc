#include "proto/token_stream.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace espalier {
namespace {

using google::protobuf::io::Tokenizer;

constexpr size_t kLongestShown = 40;

std::string Shown(absl::string_view text) {
  if (text.size() <= kLongestShown) return absl::CHexEscape(text);
  return absl::StrCat(absl::CHexEscape(text.substr(0, kLongestShown)), "...");
}

// The tokenizer's messages, known by how they begin, in this project's words.
constexpr std::pair<const char*, const char*> kWords[] = {
    {"Unexpected end of string", "expected a closing quote, found the end of the text"},
    {"String literals cannot cross", "expected a closing quote, found the end of the line"},
    {"Expected hex digits", "expected hexadecimal digits after \\x, found something else"},
    {"Expected four hex digits", "expected four hexadecimal digits after \\u, found something else"},
    {"Expected eight hex digits", "expected eight hexadecimal digits, up to 10ffff, after \\U, found something else"},
    {"Invalid escape sequence", "expected an escape such as \\n, \\\" or \\\\, found another character after \\"},
    {"\"0x\" must be followed", "expected hexadecimal digits after 0x, found none"},
    {"Numbers starting with leading zero", "expected octal digits after a leading 0, found another"},
    {"\"e\" must be followed", "expected an exponent after e, found none"},
    {"Already saw decimal point", "expected one decimal point or exponent, found a second"},
    {"Hex and octal numbers", "expected a whole number after 0x or a leading 0, found a fraction"},
    {"Need space between number", "expected a blank between a number and a word, found none"},
    {"Need space between identifier", "expected a blank between a word and a decimal point, found none"},
    {"Interpreting non ascii", "expected ASCII outside strings and comments, found another character"},
    {"Invalid control characters", "expected printable characters, found a control character"},
};

std::string Reword(const std::string& message) {
  for (const auto& [beginning, words] : kWords) {
    if (absl::StartsWith(message, beginning)) return words;
  }
  return absl::StrCat("expected protobuf text, found something else: ", message);
}

}  // namespace

std::string DescribeToken(const Token& token) {
  if (token.type == Tokenizer::TYPE_END) return "the end of the text";
  if (token.type == Tokenizer::TYPE_SYMBOL) return absl::StrCat("'", Shown(token.text), "'");
  if (token.type != Tokenizer::TYPE_STRING) return Shown(token.text);
  std::string contents;
  Tokenizer::ParseString(token.text, &contents);
  return absl::StrCat("\"", Shown(contents), "\"");
}

std::string Scalar::Describe() const {
  if (type == Tokenizer::TYPE_STRING) return absl::StrCat("\"", Shown(text), "\"");
  return absl::StrCat(negative ? "-" : "", Shown(text));
}

TokenStream::TokenStream(absl::string_view text, ErrorListener listener)
    : listener_(std::move(listener)), input_(text.data(), static_cast<int>(text.size())), tokenizer_(&input_, this) {
  tokenizer_.set_comment_style(Tokenizer::SH_COMMENT_STYLE);
  tokenizer_.set_allow_f_after_float(true);
  tokenizer_.Next();
  Advance();
  previous_line_ = -1;
}

void TokenStream::Advance() {
  previous_line_ = current_.line;
  current_ = tokenizer_.current();
  tokenizer_.Next();
}

bool TokenStream::NameMarkFollows() const {
  return IsSymbol(next(), ':') || IsSymbol(next(), '{') || IsSymbol(next(), '<') || IsSymbol(next(), '=');
}

bool TokenStream::AtScalar() const {
  switch (current_.type) {
    case Tokenizer::TYPE_INTEGER:
    case Tokenizer::TYPE_FLOAT:
    case Tokenizer::TYPE_STRING:
      return true;
    case Tokenizer::TYPE_IDENTIFIER:
      return !NameMarkFollows();
    default:
      return At('-');
  }
}

bool TokenStream::Consume(char symbol) {
  if (!At(symbol)) return false;
  Advance();
  return true;
}

Scalar TokenStream::ConsumeScalar() {
  Scalar scalar;
  scalar.first = current_;
  scalar.negative = Consume('-');
  scalar.type = current_.type;
  // After a sign there may be anything; brackets are left to the caller.
  if (scalar.type == Tokenizer::TYPE_SYMBOL || AtEnd()) return scalar;
  do {
    // The tokenizer complains before it hands the token out, at its end at the latest.
    scalar.broken |= AtBroken();
    if (scalar.type == Tokenizer::TYPE_STRING) {
      Tokenizer::ParseStringAppend(current_.text, &scalar.text);
    } else {
      scalar.text = current_.text;
    }
    Advance();
  } while (scalar.type == Tokenizer::TYPE_STRING && current_.type == Tokenizer::TYPE_STRING);
  return scalar;
}

bool TokenStream::SkipBlock() {
  for (int depth = 0; !AtEnd(); Advance()) {
    if (AtOpening() || At('[')) ++depth;
    if ((At('}') || At('>') || At(']')) && --depth == 0) {
      Advance();
      return true;
    }
  }
  return false;
}

void TokenStream::AddError(int line, int column, const std::string& message) {
  if (line == broken_line_) return;
  broken_line_ = line;
  broken_column_ = column;
  listener_(line, column, Reword(message));
}

}  // namespace espalier
