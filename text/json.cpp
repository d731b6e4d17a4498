#include "text/json.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

namespace unna {
namespace {

using Json = nlohmann::json;

/// Characters, and how many of them have been read.
class CountedChars {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountedChars(const char* at, const char** read) : at_(at), read_(read) {}
  reference operator*() const { return *at_; }
  CountedChars& operator++() {
    *read_ = ++at_;
    return *this;
  }
  CountedChars operator++(int) {
    CountedChars old = *this;
    ++*this;
    return old;
  }
  bool operator==(const CountedChars& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** read_;
};

/// Builds the tree from the parser's events. What is open is a stack of its own, so that depth
/// costs no recursion; and it is limited, since destroying the tree does.
class TreeBuilder : public Json::json_sax_t {
 public:
  TreeBuilder(const std::string& text, std::string file)
      : text_(text), file_(std::move(file)), read_(text.data()), passed_(text.data()) {}

  YamlNode parse() {
    Json::sax_parse(CountedChars(text_.data(), &read_),
                    CountedChars(text_.data() + text_.size(), &read_), this);
    return std::move(root_);
  }

  bool null() override { return add(YamlNode::Kind::null, {}, false); }
  bool boolean(bool value) override { return scalar(value ? "true" : "false", false); }
  bool number_integer(std::int64_t value) override { return scalar(std::to_string(value), false); }
  bool number_unsigned(std::uint64_t value) override {
    return scalar(std::to_string(value), false);
  }
  bool number_float(double, const std::string& text) override { return scalar(text, false); }
  bool string(std::string& text) override { return scalar(text, true); }
  bool binary(Json::binary_t&) override { return true; }
  bool start_object(std::size_t) override { return open(YamlNode::Kind::map); }
  bool start_array(std::size_t) override { return open(YamlNode::Kind::sequence); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    YamlNode& object = *open_.back();
    const SourcePos pos = token();
    if (object.find(name) != nullptr)
      throw InputError(pos, fmt::format("duplicate key '{}', expected each key once", name));
    if (object.fields.size() == kMostKeys)
      throw InputError(pos, fmt::format("more than {} keys, expected fewer", kMostKeys));
    object.fields.emplace_back(name, YamlNode());
    object.field_pos.push_back(pos);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    const char* at =
        std::min(next_token(), text_.data() + position - std::min<std::size_t>(position, 1));
    throw InputError(place(at), message(error.what()));
  }

 private:
  static constexpr std::size_t kMostLevels = 32;
  static constexpr std::size_t kMostKeys = 100;

  /// The library's message without its own prefix and place, in one line of bounded length.
  static std::string message(std::string what) {
    constexpr std::size_t kLongest = 200;
    if (const auto end = what.find("] "); end != std::string::npos) what.erase(0, end + 2);
    if (what.starts_with("parse error at")) what.erase(0, what.find(": ") + 2);
    if (what.size() > kLongest) what = what.substr(0, kLongest) + "...";
    if (what.find("expected ") == std::string::npos) what += ", expected JSON";
    return what;
  }

  /// Behind the last token there are blanks and punctuation only.
  const char* next_token() const {
    const std::string_view rest(passed_,
                                static_cast<std::size_t>(text_.data() + text_.size() - passed_));
    return passed_ + std::min(rest.find_first_not_of(" \t\r\n,:"), rest.size());
  }
  SourcePos token() {
    const SourcePos pos = place(next_token());
    passed_ = read_;
    return pos;
  }
  /// Places are asked for in ascending order.
  SourcePos place(const char* at) {
    for (; placed_ < static_cast<std::size_t>(at - text_.data()); ++placed_) {
      ++column_;
      if (text_[placed_] != '\n') continue;
      ++line_;
      column_ = 1;
    }
    return {file_, line_, column_};
  }

  YamlNode& slot() {
    if (open_.empty()) return root_;
    YamlNode& parent = *open_.back();
    if (parent.kind == YamlNode::Kind::map) return parent.fields.back().second;
    return parent.items.emplace_back();
  }
  bool add(YamlNode::Kind kind, std::string text, bool quoted) {
    YamlNode& node = slot();
    node.kind = kind;
    node.text = std::move(text);
    node.quoted = quoted;
    node.pos = token();
    return true;
  }
  bool scalar(std::string text, bool quoted) {
    return add(YamlNode::Kind::scalar, std::move(text), quoted);
  }
  bool open(YamlNode::Kind kind) {
    YamlNode& node = slot();
    node.kind = kind;
    node.pos = token();
    if (open_.size() == kMostLevels)
      throw InputError(
          node.pos,
          fmt::format("nested more than {} deep, expected a flatter document", kMostLevels));
    open_.push_back(&node);
    return true;
  }
  bool close() {
    passed_ = read_;
    open_.pop_back();
    return true;
  }

  const std::string& text_;
  std::string file_;
  const char* read_;    ///< by the parser, which may look one character ahead of a number
  const char* passed_;  ///< end of the last token
  std::size_t placed_ = 0;
  int line_ = 1;
  int column_ = 1;
  YamlNode root_;
  std::vector<YamlNode*> open_;
};

}  // namespace

YamlNode parse_json(const std::string& text, const std::string& file) {
  return TreeBuilder(text, file).parse();
}

}  // namespace unna
