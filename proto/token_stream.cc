#include "proto/token_stream.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace espalier {
namespace {

using google::protobuf::io::Tokenizer;

constexpr size_t kLongestShown = 40;

std::string Shown(absl::string_view text) {
  if (text.size() <= kLongestShown) return absl::CHexEscape(text);
  return absl::StrCat(absl::CHexEscape(text.substr(0, kLongestShown)), "...");
}

// The tokenizer's messages in this project's words.
std::string Reword(const std::string& message) {
  if (absl::StartsWith(message, "String literals cannot cross")) {
    return "expected a closing quote, found the end of the line";
  }
  if (message == "Unexpected end of string.") return "expected a closing quote, found the end of the text";
  if (absl::StartsWith(message, "Interpreting non ascii") || absl::StartsWith(message, "Invalid control")) {
    return "expected printable ASCII outside strings and comments, found another character";
  }
  std::string reworded(absl::StripSuffix(message, "."));
  reworded[0] = absl::ascii_tolower(reworded[0]);
  return reworded;
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

bool TokenStream::AtScalar() const {
  switch (current_.type) {
    case Tokenizer::TYPE_INTEGER:
    case Tokenizer::TYPE_FLOAT:
    case Tokenizer::TYPE_STRING:
      return true;
    case Tokenizer::TYPE_IDENTIFIER:
      return !IsSymbol(next(), ':') && !IsSymbol(next(), '{') && !IsSymbol(next(), '<') && !IsSymbol(next(), '=');
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
  if (scalar.type == Tokenizer::TYPE_STRING) {
    for (; current_.type == Tokenizer::TYPE_STRING; Advance()) {
      Tokenizer::ParseStringAppend(current_.text, &scalar.text);
    }
    return scalar;
  }
  // After a sign there may be anything; brackets are left to the caller.
  if (scalar.type == Tokenizer::TYPE_SYMBOL || AtEnd()) return scalar;
  scalar.text = current_.text;
  Advance();
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
  listener_(line, column, Reword(message));
}

}  // namespace espalier
