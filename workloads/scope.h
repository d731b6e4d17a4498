#pragma once

// What names mean while a network file is read: one scope for the network itself and one for each
// use of a block.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "text/yaml.h"
#include "workloads/expression.h"
#include "workloads/graph.h"

namespace unna {

struct Scope {
  std::string prefix;  ///< of the names that operators get: `layer1_0.`
  Variables variables;
  /// One tensor a name; all of them for what has several outputs, which are then `name.output`.
  std::map<std::string, std::vector<TensorId>, std::less<>> values;
  std::string previous;  ///< name of the last value, the default of `from`; empty: none

  /// The tensor that a scalar names; throws InputError where it names none or several.
  TensorId resolve(const YamlNode& node) const;
  /// The tensors of `from` (a name or a list), or of the previous value where `from` is nullptr.
  std::vector<TensorId> read_from(const YamlNode* from, const YamlNode& entry) const;
  /// Makes `name` the last value. With labels (what has several outputs), each is also
  /// `name.label`.
  void define(const std::string& name, const std::vector<TensorId>& tensors,
              const std::vector<std::string>& labels, const SourcePos& pos);

 private:
  TensorId single(const std::string& name, const YamlNode& at) const;
};

/// Throws InputError unless `text` is a letter or _ and then letters, digits, _ or -. Dots join the
/// parts of generated names (`layer1_0.conv1.weight`), so that those can't clash with written ones.
void expect_name(std::string_view what, std::string_view text, const SourcePos& pos);

/// The same for a scalar; in quotes, any text that is not empty is a name.
void expect_name(std::string_view what, const YamlNode& node);

/// The same for a variable, which has no '-' and must not be defined yet.
void expect_variable(std::string_view text, const Variables& taken, const SourcePos& pos);

}  // namespace unna
