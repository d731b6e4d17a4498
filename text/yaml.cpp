#include "text/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <sstream>

#include "base/file.h"
#include "text/nearest.h"
#include "text/numbers.h"
#include "text/utf8.h"

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
      // A value that is not there has the place of whatever follows: say where it is missing.
      YamlNode& value = out.fields.back().second;
      if (value.kind == YamlNode::Kind::null && value.pos.line != pos.line) value.pos = pos;
      out.field_pos.push_back(pos);
      out.field_quoted.push_back(field.first.Tag() == "!");
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

/// Takes no notice of what a document holds.
class Places : public YAML::EventHandler {
 public:
  YAML::Mark document;  ///< where the last one starts

  void OnDocumentStart(const YAML::Mark& mark) override { document = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

/// A comma that no list or map in brackets is around would be read as a document of nothing, again
/// and again: yaml-cpp does not go past it.
void check_progress(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Places places;
  for (int last = -1; parser.HandleNextDocument(places); last = places.document.pos)
    if (places.document.pos == last)
      throw YAML::ParserException(places.document, "',' outside of brackets");
}

/// Reads the text with an end of the document behind it: at a mere end of the file yaml-cpp closes
/// open quotes by itself. Nothing at all stays no document.
std::vector<YAML::Node> load_documents(const std::string& text) {
  const std::string ended = text + (text.ends_with('\n') ? "...\n" : "\n...\n");
  check_progress(ended);
  std::vector<YAML::Node> documents = YAML::LoadAll(ended);
  if (documents.size() == 1 && documents[0].IsNull()) return YAML::LoadAll(text);
  return documents;
}

void check_utf8(const std::string& text, const std::string& file) {
  SourcePos pos{file, 1, 1};
  for (std::size_t at = 0; at < text.size();) {
    // yaml-cpp replaces what is not UTF-8 without a word, and ends the text at NUL.
    const std::size_t size = text[at] == '\0' ? 0 : utf8_length(std::string_view(text).substr(at));
    if (size == 0)
      throw InputError(pos, fmt::format("byte {:#04x} is not UTF-8, expected UTF-8 text",
                                        static_cast<unsigned char>(text[at])));
    ++pos.column;
    if (text[at] == '\n') {
      ++pos.line;
      pos.column = 1;
    }
    at += size;
  }
}

}  // namespace

YamlNode::YamlNode() = default;

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
  fail(fmt::format("{} is {}, {}", what, kind_name(*this), expected_name(text, names)));
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
  check_utf8(text, file);
  Converter converter(file);
  try {
    const std::vector<YAML::Node> documents = load_documents(text);
    if (documents.empty()) throw InputError(SourcePos{file, 1, 1}, "empty, expected a YAML map");
    if (documents.size() > 1)
      throw InputError(converter.at(documents[1].Mark()), "second document, expected only one");
    return converter.convert(documents[0], 0);
  } catch (const YAML::Exception& e) {
    if (e.msg == YAML::ErrorMsg::DOC_IN_SCALAR)
      throw InputError(converter.at(e.mark), "the document ends within quotes, expected their end");
    throw InputError(converter.at(e.mark), fmt::format("{}, expected YAML", e.msg));
  }
}

YamlNode load_yaml(const std::filesystem::path& path) {
  return parse_yaml(read_file(path), path.string());
}

namespace {

/// Whether one is the other with a typing mistake. Short words are alike without one.
bool look_alike(std::string_view a, std::string_view b) {
  constexpr std::size_t kShort = 2;
  return b.size() > kShort && typing_mistakes(a, b) <= 1;
}

}  // namespace

YamlMapReader::YamlMapReader(const YamlNode& node, std::string_view what)
    : node_(node.as_map(what)), what_(what) {}

const YamlNode* YamlMapReader::optional(std::string_view key) {
  known_.emplace_back(key);
  return node_.find(key);
}

const YamlNode& YamlMapReader::require(std::string_view key) {
  const YamlNode* value = optional(key);
  if (value != nullptr) return *value;
  for (std::size_t i = 0; i < node_.fields.size(); ++i) {
    const std::string& other = node_.fields[i].first;
    if (std::find(known_.begin(), known_.end(), other) == known_.end() && look_alike(other, key))
      throw InputError(node_.field_pos[i], fmt::format("{} has no '{}' but '{}', expected '{}'",
                                                       what_, key, other, key));
  }
  node_.fail(fmt::format("{} has no '{}', expected one", what_, key));
}

void YamlMapReader::finish() const {
  for (std::size_t i = 0; i < node_.fields.size(); ++i) {
    const std::string& key = node_.fields[i].first;
    if (std::find(known_.begin(), known_.end(), key) == known_.end())
      throw InputError(node_.field_pos[i], fmt::format("unknown key '{}' in {}, {}", key, what_,
                                                       expected_name(key, known_)));
  }
}

namespace {

/// Whether some YAML reader takes the plain scalar for a boolean or null.
bool is_word(std::string_view text) {
  constexpr std::string_view kWords[] = {"true", "false", "null", "yes", "no",
                                         "on",   "off",   "y",    "n"};
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return std::find(std::begin(kWords), std::end(kWords), lower) != std::end(kWords);
}

}  // namespace

std::string yaml_quote(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/';
  });
  double number = 0;
  const bool ambiguous =
      parse_number(text, number) || text.starts_with('-') || text.starts_with('.') || is_word(text);
  if (plain && !ambiguous) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace unna
