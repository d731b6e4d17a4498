#include "configs/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "base/file.h"

namespace unna {
namespace {

constexpr std::size_t kMaxNodes = 1'000'000;
constexpr int kMaxDepth = 100;

class Converter {
 public:
  explicit Converter(const std::string& file) : file_(file) {}

  YamlNode convert(const YAML::Node& in, int depth) {
    YamlNode out;
    out.pos = at(in.Mark());
    if (++count_ > kMaxNodes) out.fail("more than a million nodes, expected a smaller document");
    if (depth > kMaxDepth) out.fail("nested more than 100 deep, expected a flatter document");
    switch (in.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        break;
      case YAML::NodeType::Scalar:
        out.kind = YamlNode::Kind::scalar;
        out.text = in.Scalar();
        out.quoted = in.Tag() == "!";
        break;
      case YAML::NodeType::Sequence:
        out.kind = YamlNode::Kind::sequence;
        for (const auto& item : in) out.items.push_back(convert(item, depth + 1));
        break;
      case YAML::NodeType::Map:
        convert_map(in, depth, out);
        break;
    }
    return out;
  }

  SourcePos at(const YAML::Mark& mark) const {
    return mark.is_null() ? SourcePos{file_} : SourcePos{file_, mark.line + 1, mark.column + 1};
  }

 private:
  void convert_map(const YAML::Node& in, int depth, YamlNode& out) {
    out.kind = YamlNode::Kind::map;
    std::set<std::string> seen;
    for (const auto& field : in) {
      const SourcePos pos = at(field.first.Mark());
      if (!field.first.IsScalar()) throw InputError(pos, "key is not a scalar, expected a name");
      const std::string& key = field.first.Scalar();
      if (!seen.insert(key).second)
        throw InputError(pos, fmt::format("duplicate key '{}', expected each key once", key));
      out.fields.emplace_back(key, convert(field.second, depth + 1));
      out.field_pos.push_back(pos);
    }
  }

  const std::string& file_;
  std::size_t count_ = 0;
};

std::string kind_name(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::sequence:
      return "a sequence";
    case YamlNode::Kind::map:
      return "a map";
    case YamlNode::Kind::scalar:
      break;
  }
  return fmt::format("'{}'", node.text);
}

}  // namespace

bool parse_integer(std::string_view text, std::int64_t& value) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return false;
  if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_number(std::string_view text, double& value) {
  std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return false;
  if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
}

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& [name, value] : fields)
    if (name == key) return &value;
  return nullptr;
}

std::int64_t YamlNode::as_int(std::string_view what, std::int64_t lo, std::int64_t hi) const {
  std::int64_t value = 0;
  if (kind != Kind::scalar || quoted || !parse_integer(text, value))
    fail(
        fmt::format("{} is {}, expected an integer from {} to {}", what, kind_name(*this), lo, hi));
  if (value < lo || value > hi)
    fail(fmt::format("{} is {}, out of range, expected {} to {}", what, value, lo, hi));
  return value;
}

double YamlNode::as_number(std::string_view what, double lo, double hi) const {
  double value = 0;
  if (kind != Kind::scalar || quoted || !parse_number(text, value))
    fail(fmt::format("{} is {}, expected a number from {} to {}", what, kind_name(*this), lo, hi));
  if (value < lo || value > hi)
    fail(fmt::format("{} is {}, out of range, expected {} to {}", what, value, lo, hi));
  return value;
}

bool YamlNode::as_bool(std::string_view what) const {
  if (kind == Kind::scalar && !quoted && text == "true") return true;
  if (kind == Kind::scalar && !quoted && text == "false") return false;
  fail(fmt::format("{} is {}, expected true or false", what, kind_name(*this)));
}

const std::string& YamlNode::as_string(std::string_view what) const {
  if (kind != Kind::scalar)
    fail(fmt::format("{} is {}, expected a string", what, kind_name(*this)));
  return text;
}

std::size_t YamlNode::as_choice(std::string_view what,
                                std::span<const std::string_view> names) const {
  if (kind == Kind::scalar) {
    const auto at = std::find(names.begin(), names.end(), text);
    if (at != names.end()) return static_cast<std::size_t>(at - names.begin());
  }
  fail(
      fmt::format("{} is {}, expected one of: {}", what, kind_name(*this), fmt::join(names, ", ")));
}

const std::vector<YamlNode>& YamlNode::as_sequence(std::string_view what) const {
  if (kind != Kind::sequence)
    fail(fmt::format("{} is {}, expected a sequence", what, kind_name(*this)));
  return items;
}

const YamlNode& YamlNode::as_map(std::string_view what) const {
  if (kind != Kind::map) fail(fmt::format("{} is {}, expected a map", what, kind_name(*this)));
  return *this;
}

YamlNode parse_yaml(const std::string& text, const std::string& file) {
  Converter converter(file);
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.empty()) throw InputError(SourcePos{file, 1, 1}, "empty, expected a YAML map");
    if (documents.size() > 1)
      throw InputError(converter.at(documents[1].Mark()), "second document, expected only one");
    return converter.convert(documents[0], 0);
  } catch (const YAML::Exception& e) {
    throw InputError(converter.at(e.mark), fmt::format("{}, expected YAML", e.msg));
  }
}

YamlNode load_yaml(const std::filesystem::path& path) {
  return parse_yaml(read_file(path), path.string());
}

YamlMapReader::YamlMapReader(const YamlNode& node, std::string_view what)
    : node_(node.as_map(what)), what_(what) {}

const YamlNode* YamlMapReader::optional(std::string_view key) {
  known_.emplace_back(key);
  return node_.find(key);
}

const YamlNode& YamlMapReader::require(std::string_view key) {
  const YamlNode* value = optional(key);
  if (value == nullptr) node_.fail(fmt::format("{} has no '{}', expected one", what_, key));
  return *value;
}

void YamlMapReader::finish() const {
  for (std::size_t i = 0; i < node_.fields.size(); ++i) {
    const std::string& key = node_.fields[i].first;
    if (std::find(known_.begin(), known_.end(), key) == known_.end())
      throw InputError(node_.field_pos[i],
                       fmt::format("unknown key '{}' in {}, expected one of: {}", key, what_,
                                   fmt::join(known_, ", ")));
  }
}

std::string yaml_quote(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/';
  });
  double number = 0;
  const bool ambiguous = text == "true" || text == "false" || text == "null" || text == "yes" ||
                         text == "no" || parse_number(text, number) || text.starts_with('-');
  if (plain && !ambiguous) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    out += c;
  }
  return out + "\"";
}

}  // namespace unna
