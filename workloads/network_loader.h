#pragma once

// Private to the loader's sources: expands blocks, repeats and expressions into layers.

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "text/yaml.h"
#include "workloads/graph.h"
#include "workloads/scope.h"

namespace unna {

/// A template of `blocks`, read once; its ops are read at every use.
struct Block {
  SourcePos pos;
  const YamlNode* params = nullptr;  ///< a map, perhaps empty
  std::vector<std::string> inputs = {"x"};
  const YamlNode* ops = nullptr;
  const YamlNode* outputs = nullptr;
  bool used = false;
  bool open = false;  ///< being expanded
};

struct BlockResult {
  std::vector<TensorId> tensors;
  std::vector<std::string> labels;  ///< a name for each, where there are several
};

/// The keys of a map, for messages.
template <class Pairs>
std::string key_list(const Pairs& pairs) {
  std::string out;
  for (const auto& pair : pairs) out += fmt::format("{}{}", out.empty() ? "" : ", ", pair.first);
  return out.empty() ? "none: there are none" : "one of: " + out;
}

class NetworkLoader {
 public:
  NetworkLoader(const YamlNode& root, const NetworkParams& params) : root_(root), given_(params) {
    no_params_.kind = YamlNode::Kind::map;
  }

  Graph load();

 private:
  // The parts of the file.
  void read_inputs(const YamlNode& node, std::string_view what, TensorKind kind);
  void read_blocks(const YamlNode& node);
  Block read_block(const std::string& name, const YamlNode& node, const SourcePos& pos);
  void expect_no_shadow(const std::string& block, const YamlNode& params) const;
  void bind_params(const YamlNode& params, const YamlNode* with, const std::string& block,
                   const YamlNode& use, Variables& variables);
  static void expect_params(const YamlNode& with, const std::string& block, const YamlNode& params);
  void bind_file_params(const YamlNode* params);
  void mark_outputs(const YamlNode* node);
  void mark_states(const YamlNode* node);
  void expect_all_used() const;

  // The entries of an `ops` list.
  void run_list(const YamlNode& list, Scope& scope);
  void run_entry(const YamlNode& raw, Scope& scope);
  void run_op(const YamlNode& node, Scope& scope);
  void run_cache(const YamlNode& node, Scope& scope);
  void run_use(const YamlNode& node, Scope& scope);
  void run_repeat(const YamlNode& node, Scope& scope);
  BlockResult run_block(const Block& block, Scope& inner);

  // Names.
  std::string entry_name(const YamlNode* node, std::string_view kind, const Scope& scope);

  const YamlNode& root_;
  const NetworkParams& given_;  ///< instead of the file's params
  GraphBuilder builder_{""};
  YamlNode no_params_;
  Scope top_;
  Variables constants_;
  std::map<std::string, Block, std::less<>> blocks_;
  std::vector<std::pair<TensorId, SourcePos>> declared_;  // inputs and weights
  /// Concats of `cache` entries, and their capacities.
  struct Cache {
    TensorId present;
    std::int64_t capacity;
    SourcePos pos;
  };
  std::vector<Cache> caches_;
  std::size_t entries_ = 0;
  std::size_t unnamed_ = 0;
  int nesting_ = 0;
};

}  // namespace unna
