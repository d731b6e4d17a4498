#pragma once

// Command lines as tables: a command lists its options as rows, and gets parsing, --help and strict
// conversion from them. Boost.Program_options stays inside options.cpp.

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace unna {

using Arguments = std::vector<std::string>;

/// How often an option may be given: twice by mistake must not lose the first silently.
enum class Times { once, repeated };

struct OptionRow {
  std::string_view name;      ///< "cores", or "output,o" with a short form
  std::string_view value;     ///< shown in --help; empty: a flag
  std::string_view fallback;  ///< the default; empty: none
  std::string_view doc;
  Times times = Times::once;
};

/// What `--help` says about a command besides its options.
struct CommandHelp {
  std::string_view name;
  std::string_view positional;  ///< "NETWORK", "FILE..."; empty: takes none
  std::string_view doc;
};

class Options {
 public:
  bool flag(std::string_view name) const;
  /// The command has this option.
  bool knows(std::string_view name) const { return known_.contains(name); }
  /// On the command line, whatever its default.
  bool given(std::string_view name) const { return given_.contains(name); }
  /// All values of an option that may be repeated, in order.
  std::vector<std::string> all(std::string_view name) const;
  /// The last value, or the default; none where there is neither.
  std::optional<std::string> text(std::string_view name) const;
  /// The same for an option that has a default.
  std::string required(std::string_view name) const;
  /// A value `a,b,c` split at the commas.
  std::vector<std::string> list(std::string_view name) const;

  std::optional<std::int64_t> integer(std::string_view name, std::int64_t lo,
                                      std::int64_t hi) const;
  std::int64_t required_integer(std::string_view name, std::int64_t lo, std::int64_t hi) const;
  std::vector<std::int64_t> integers(std::string_view name, std::int64_t lo, std::int64_t hi) const;
  /// The same with a unit, if there is one: 64KiB.
  std::optional<std::int64_t> bytes(std::string_view name, std::int64_t lo, std::int64_t hi) const;
  std::optional<double> number(std::string_view name, double lo, double hi) const;
  /// Index of the value in `names`.
  std::size_t choice(std::string_view name, std::span<const std::string_view> names) const;

  const std::vector<std::string>& positional() const { return positional_; }
  /// The one positional argument; throws InputError for none or several.
  const std::string& only() const;

  /// An InputError about this command line: `unnasim plan: --seed: <message>`.
  [[noreturn]] void fail(std::string_view option, std::string_view message) const;

 private:
  friend std::optional<Options> parse_options(const CommandHelp& help,
                                              std::span<const OptionRow> rows,
                                              const Arguments& arguments);
  std::int64_t to_integer(std::string_view name, const std::string& value, std::int64_t lo,
                          std::int64_t hi) const;

  std::string command_;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::set<std::string, std::less<>> known_;
  std::set<std::string, std::less<>> given_;
  std::vector<std::string> positional_;
};

/// None where --help was asked for and printed. Throws InputError for unknown options, missing
/// values, and positional arguments where there should be none. Abbreviations are not accepted.
std::optional<Options> parse_options(const CommandHelp& help, std::span<const OptionRow> rows,
                                     const Arguments& arguments);

/// One table of several groups.
std::vector<OptionRow> operator+(std::vector<OptionRow> rows, std::span<const OptionRow> more);

}  // namespace unna
