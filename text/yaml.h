#pragma once

// Strict YAML: a plain tree in which every value knows its place, and readers that accept a value
// only as what it is. yaml-cpp is not seen outside yaml.cpp.
//
// Rejected with file:line:column: duplicate keys, unknown keys, a wrong type, a value out of range,
// octal-looking integers (`010`), more than one document, and trees of more than a million nodes
// (alias bombs).

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace unna {

struct YamlNode {
  enum class Kind { null, scalar, sequence, map };

  YamlNode();  // not inline: `fields` holds pairs of a type that is complete only below

  Kind kind = Kind::null;
  std::string text;             ///< of a scalar
  bool quoted = false;          ///< a quoted scalar is a string, whatever it looks like
  std::vector<YamlNode> items;  ///< of a sequence
  std::vector<std::pair<std::string, YamlNode>> fields;  ///< of a map, in file order
  std::vector<SourcePos> field_pos;                      ///< where each key of `fields` stands
  std::vector<bool> field_quoted;                        ///< whether the key is in quotes
  SourcePos pos;

  /// The value of a key of a map, or nullptr.
  const YamlNode* find(std::string_view key) const;

  // Each throws InputError, naming `what` ("cores"), unless the node is exactly that.
  std::int64_t as_int(std::string_view what, std::int64_t lo, std::int64_t hi) const;
  double as_number(std::string_view what, double lo, double hi) const;
  bool as_bool(std::string_view what) const;
  const std::string& as_string(std::string_view what) const;
  /// Index of the scalar in `names`; the error lists them.
  std::size_t as_choice(std::string_view what, std::span<const std::string_view> names) const;
  const std::vector<YamlNode>& as_sequence(std::string_view what) const;
  const YamlNode& as_map(std::string_view what) const;

  [[noreturn]] void fail(std::string_view message) const { throw InputError(pos, message); }
};

/// Parses one document. `file` is only for messages.
YamlNode parse_yaml(const std::string& text, const std::string& file);
YamlNode load_yaml(const std::filesystem::path& path);

/// Takes the fields of a map one by one; finish() rejects those that nobody asked for.
class YamlMapReader {
 public:
  YamlMapReader(const YamlNode& node, std::string_view what);

  const YamlNode* optional(std::string_view key);
  const YamlNode& require(std::string_view key);
  /// Throws for the first unknown key, listing the keys that were asked for.
  void finish() const;

  const YamlNode& node() const { return node_; }

 private:
  const YamlNode& node_;
  std::string what_;
  std::vector<std::string> known_;
};

/// `text` as a YAML scalar: quoted where it would otherwise be read as something else.
std::string yaml_quote(std::string_view text);

}  // namespace unna
