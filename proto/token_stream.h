// Tokens of a protobuf text with one token of lookahead, and scalar values made of them.
#ifndef ESPALIER_PROTO_TOKEN_STREAM_H_
#define ESPALIER_PROTO_TOKEN_STREAM_H_

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <functional>
#include <string>

#include "absl/strings/string_view.h"

namespace espalier {

using Token = google::protobuf::io::Tokenizer::Token;

// How an error message names a token: at most 40 characters, unprintable ones escaped.
std::string DescribeToken(const Token& token);

// A scalar value as written: a word or number with its sign, or one or more strings, joined.
struct Scalar {
  google::protobuf::io::Tokenizer::TokenType type;
  bool negative = false;
  std::string text;  // of strings, the contents without quotes and escapes
  Token first{};
  bool broken = false;  // the listener has heard of it

  // How an error message names the value.
  std::string Describe() const;
};

class TokenStream : private google::protobuf::io::ErrorCollector {
 public:
  // Hears of what is no token at all (line and column from 0), at most once per line.
  using ErrorListener = std::function<void(int line, int column, std::string message)>;

  // `text` outlives the stream and is shorter than 2 GiB.
  TokenStream(absl::string_view text, ErrorListener listener);

  const Token& current() const { return current_; }
  const Token& next() const { return tokenizer_.current(); }
  void Advance();

  bool AtEnd() const { return current_.type == google::protobuf::io::Tokenizer::TYPE_END; }
  bool At(char symbol) const { return IsSymbol(current_, symbol); }
  bool AtIdentifier() const { return current_.type == google::protobuf::io::Tokenizer::TYPE_IDENTIFIER; }
  bool AtOpening() const { return At('{') || At('<'); }
  bool AtClosing() const { return At('}') || At('>'); }
  // Whether the current token is the first of its line.
  bool AtLineStart() const { return current_.line > previous_line_; }
  // Whether the current token looks like the name of a field: first of its line, or a colon or bracket follows.
  bool AtFieldName() const { return AtIdentifier() && (AtLineStart() || NameMarkFollows()); }
  // Whether the current token can begin a scalar: not so for a name with its own colon or bracket, which is the next
  // field.
  bool AtScalar() const;
  // Whether something was heard of the current token's line.
  bool InBrokenLine() const { return current_.line == broken_line_; }
  // Whether something was heard of the current token itself.
  bool AtBroken() const {
    return InBrokenLine() && broken_column_ >= current_.column && broken_column_ <= current_.end_column;
  }

  // Moves past `symbol` and returns true if it is the current token.
  bool Consume(char symbol);
  // Moves past the scalar at which the stream stands.
  Scalar ConsumeScalar();
  // Moves past a bracket and all up to the one that closes it. Returns false if the text ends before.
  bool SkipBlock();

  static bool IsSymbol(const Token& token, char symbol) {
    return token.type == google::protobuf::io::Tokenizer::TYPE_SYMBOL && token.text[0] == symbol;
  }

 private:
  void AddError(int line, int column, const std::string& message) override;
  bool NameMarkFollows() const;

  ErrorListener listener_;
  google::protobuf::io::ArrayInputStream input_;
  // Its methods that only look are not const.
  mutable google::protobuf::io::Tokenizer tokenizer_;
  Token current_{};
  int previous_line_ = -1;
  int broken_line_ = -1;
  int broken_column_ = -1;
};

}  // namespace espalier

#endif  // ESPALIER_PROTO_TOKEN_STREAM_H_
