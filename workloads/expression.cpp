#include "workloads/expression.h"

#include <optional>

#include "text/numbers.h"

namespace unna {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Recursive descent over `text` from the character after `$(` to its closing parenthesis.
class Parser {
 public:
  Parser(const std::string& text, std::size_t at, const Variables& variables, const SourcePos& pos)
      : text_(text), at_(at), variables_(variables), pos_(pos) {}

  std::string run() {
    if (const auto value = lone_variable()) return *value;
    const std::int64_t value = sum(0);
    skip_space();
    if (peek() != ')') unexpected("an operator or ')'");
    ++at_;
    return std::to_string(value);
  }
  std::size_t position() const { return at_; }

 private:
  static constexpr int kMaxDepth = 100;

  [[noreturn]] void fail(std::size_t at, std::string_view message) const {
    SourcePos pos = pos_;
    pos.column += static_cast<int>(at);
    throw InputError(pos, message);
  }
  [[noreturn]] void unexpected(std::string_view expected) const {
    if (at_ >= text_.size()) fail(at_, fmt::format("'$(' ends early, expected {}", expected));
    fail(at_, fmt::format("'{}' in an expression, expected {}", text_[at_], expected));
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (is_space(peek())) ++at_;
  }

  std::string identifier() {
    const std::size_t begin = at_;
    while (is_letter(peek()) || is_digit(peek())) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  const std::string& lookup(const std::string& name, std::size_t at) const {
    const auto found = variables_.find(name);
    if (found != variables_.end()) return found->second;
    std::string known;
    for (const auto& variable : variables_)
      known += fmt::format("{}{}", known.empty() ? "" : ", ", variable.first);
    fail(at, fmt::format("unknown variable '{}', expected {}", name,
                         known.empty() ? "none: there are no variables here"
                                       : fmt::format("one of: {}", known)));
  }

  /// `$(name)` is the variable's text, whatever it is.
  std::optional<std::string> lone_variable() {
    const std::size_t begin = at_;
    skip_space();
    const std::size_t name_at = at_;
    if (is_letter(peek())) {
      const std::string name = identifier();
      skip_space();
      if (peek() == ')') {
        ++at_;
        return lookup(name, name_at);
      }
    }
    at_ = begin;
    return std::nullopt;
  }

  std::int64_t apply(char op, std::int64_t a, std::int64_t b, std::size_t at) const {
    std::int64_t out = 0;
    bool overflow = false;
    if (op == '+') overflow = __builtin_add_overflow(a, b, &out);
    if (op == '-') overflow = __builtin_sub_overflow(a, b, &out);
    if (op == '*') overflow = __builtin_mul_overflow(a, b, &out);
    if (op == '/' || op == '%') {
      if (b <= 0) fail(at, fmt::format("{} {} {}, expected a positive divisor", a, op, b));
      const bool below = a % b < 0;
      out = op == '%' ? a % b + (below ? b : 0) : a / b - (below ? 1 : 0);
    }
    if (overflow) fail(at, fmt::format("{} {} {} overflows, expected 64 bits", a, op, b));
    return out;
  }

  std::int64_t sum(int depth) {
    std::int64_t value = product(depth);
    for (;;) {
      skip_space();
      const char op = peek();
      if (op != '+' && op != '-') return value;
      const std::size_t at = at_++;
      value = apply(op, value, product(depth), at);
    }
  }

  std::int64_t product(int depth) {
    std::int64_t value = factor(depth);
    for (;;) {
      skip_space();
      const char op = peek();
      if (op != '*' && op != '/' && op != '%') return value;
      const std::size_t at = at_++;
      value = apply(op, value, factor(depth), at);
    }
  }

  std::int64_t factor(int depth) {
    if (depth > kMaxDepth) fail(at_, "expression nested too deep, expected 100 levels at most");
    skip_space();
    const std::size_t begin = at_;
    if (peek() == '-') {
      ++at_;
      return apply('-', 0, factor(depth + 1), begin);
    }
    if (peek() == '(') {
      ++at_;
      const std::int64_t value = sum(depth + 1);
      skip_space();
      if (peek() != ')') unexpected("an operator or ')'");
      ++at_;
      return value;
    }
    if (is_letter(peek())) {
      const std::string name = identifier();
      return integer(lookup(name, begin), begin, fmt::format("variable '{}'", name));
    }
    while (is_digit(peek())) ++at_;
    if (at_ == begin) unexpected("a number, a variable or '('");
    return integer(text_.substr(begin, at_ - begin), begin, "number");
  }

  std::int64_t integer(const std::string& text, std::size_t at, std::string_view what) const {
    std::int64_t value = 0;
    if (!parse_integer(text, value))
      fail(at, fmt::format("{} is '{}', expected an integer", what, text));
    return value;
  }

  const std::string& text_;
  std::size_t at_;
  const Variables& variables_;
  const SourcePos& pos_;
};

}  // namespace

std::string expand(const std::string& text, const Variables& variables, const SourcePos& pos) {
  std::string out;
  std::size_t at = 0;
  for (;;) {
    const std::size_t begin = text.find("$(", at);
    out += text.substr(at, begin - at);
    if (begin == std::string::npos) return out;
    Parser parser(text, begin + 2, variables, pos);
    out += parser.run();
    at = parser.position();
  }
}

YamlNode expand(const YamlNode& node, const Variables& variables, std::string_view but_not) {
  YamlNode out = node;
  SourcePos text_pos = node.pos;
  if (node.quoted) ++text_pos.column;
  if (node.kind == YamlNode::Kind::scalar) out.text = expand(node.text, variables, text_pos);
  for (YamlNode& item : out.items) item = expand(item, variables, but_not);
  for (auto& [key, value] : out.fields)
    if (key != but_not) value = expand(value, variables, but_not);
  return out;
}

}  // namespace unna
