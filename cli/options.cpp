#include "cli/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <sstream>

#include "base/error.h"
#include "text/nearest.h"
#include "text/numbers.h"

namespace unna {

namespace po = boost::program_options;

namespace {

std::string long_name(std::string_view name) {
  return std::string(name.substr(0, name.find(',')));
}

po::options_description describe(std::span<const OptionRow> rows) {
  constexpr unsigned kLineLength = 100;
  po::options_description described("Options", kLineLength, kLineLength / 2);
  described.add_options()("help,h", "this text");
  for (const OptionRow& row : rows) {
    std::string doc(row.doc);
    if (!row.fallback.empty()) doc += fmt::format(" (default: {})", row.fallback);
    if (row.value.empty()) {
      described.add_options()(std::string(row.name).c_str(), doc.c_str());
      continue;
    }
    auto* value = po::value<std::vector<std::string>>()->composing();
    value->value_name(std::string(row.value));
    described.add_options()(std::string(row.name).c_str(), value, doc.c_str());
  }
  return described;
}

void print_help(const CommandHelp& help, const po::options_description& described) {
  std::ostringstream options;
  options << described;
  fmt::print("usage: unnasim {}{}{} [options]\n\n{}\n\n{}", help.name,
             help.positional.empty() ? "" : " ", help.positional, help.doc, options.str());
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

/// What is wrong with an option that is none, and which may have been meant.
std::string unknown_option(const std::string& option, std::span<const OptionRow> rows,
                           std::string_view command) {
  const std::string given = option.substr(0, option.find('='));
  const std::string word = given.substr(std::min(given.find_first_not_of('-'), given.size()));
  std::vector<std::string> names = {"help"};
  for (const OptionRow& row : rows) names.push_back(long_name(row.name));
  const auto meant = nearest(word, names);
  return fmt::format("unknown option '{}', {}", given,
                     meant ? fmt::format("did you mean --{}?", *meant)
                           : fmt::format("see unnasim {} --help", command));
}

}  // namespace

std::optional<Options> parse_options(const CommandHelp& help, std::span<const OptionRow> rows,
                                     const Arguments& arguments) {
  const po::options_description described = describe(rows);
  Options options;
  options.command_ = help.name;
  for (const OptionRow& row : rows) options.known_.insert(long_name(row.name));
  for (const OptionRow& row : rows)
    if (!row.fallback.empty()) options.values_[long_name(row.name)] = {std::string(row.fallback)};
  try {
    namespace style = po::command_line_style;
    const auto parsed = po::command_line_parser(arguments)
                            .options(described)
                            .style(style::unix_style & ~style::allow_guessing)
                            .run();
    std::map<std::string, std::vector<std::string>> given;
    for (const auto& option : parsed.options) {
      if (option.position_key >= 0) {
        options.positional_.insert(options.positional_.end(), option.value.begin(),
                                   option.value.end());
        continue;
      }
      auto& values = given[option.string_key];
      values.insert(values.end(), option.value.begin(), option.value.end());
    }
    if (given.contains("help")) {
      print_help(help, described);
      return std::nullopt;
    }
    for (auto& [name, values] : given) {
      options.given_.insert(name);
      const auto row =
          std::ranges::find(rows, name, [](const OptionRow& r) { return long_name(r.name); });
      if (row != rows.end() && row->times == Times::once && values.size() > 1)
        options.fail(name, fmt::format("given twice, '{}' and '{}', expected it once", values[0],
                                       values[1]));
      options.values_[name] = std::move(values);
    }
  } catch (const po::unknown_option& error) {
    throw InputError(fmt::format("unnasim {}: {}", help.name,
                                 unknown_option(error.get_option_name(), rows, help.name)));
  } catch (const po::error& error) {
    throw InputError(
        fmt::format("unnasim {}: {}, see unnasim {} --help", help.name, error.what(), help.name));
  }
  if (help.positional.empty() && !options.positional_.empty())
    throw InputError(fmt::format("unnasim {}: unexpected argument {}, see unnasim {} --help",
                                 help.name, options.positional_.front(), help.name));
  return options;
}

std::vector<OptionRow> operator+(std::vector<OptionRow> rows, std::span<const OptionRow> more) {
  rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

bool Options::flag(std::string_view name) const {
  return values_.contains(name);
}

std::vector<std::string> Options::all(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

std::optional<std::string> Options::text(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::string Options::required(std::string_view name) const {
  const auto value = text(name);
  invariant(value.has_value(), "option --{} has no default", name);
  return *value;
}

std::vector<std::string> Options::list(std::string_view name) const {
  const auto value = text(name);
  return value ? split(*value) : std::vector<std::string>();
}

std::int64_t Options::to_integer(std::string_view name, const std::string& value, std::int64_t lo,
                                 std::int64_t hi) const {
  std::int64_t result = 0;
  if (!parse_integer(value, result) || result < lo || result > hi)
    fail(name, fmt::format("'{}' is not a whole number from {} to {}", value, lo, hi));
  return result;
}

std::optional<std::int64_t> Options::integer(std::string_view name, std::int64_t lo,
                                             std::int64_t hi) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  return to_integer(name, *value, lo, hi);
}

std::int64_t Options::required_integer(std::string_view name, std::int64_t lo,
                                       std::int64_t hi) const {
  return to_integer(name, required(name), lo, hi);
}

std::vector<std::int64_t> Options::integers(std::string_view name, std::int64_t lo,
                                            std::int64_t hi) const {
  std::vector<std::int64_t> values;
  for (const std::string& value : list(name)) values.push_back(to_integer(name, value, lo, hi));
  return values;
}

std::optional<std::int64_t> Options::bytes(std::string_view name, std::int64_t lo,
                                           std::int64_t hi) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  std::int64_t result = 0;
  if (!parse_bytes(*value, result) || result < lo || result > hi)
    fail(name, fmt::format("'{}' is not a number of bytes from {} to {}, as 65536 or 64KiB", *value,
                           lo, hi));
  return result;
}

std::optional<double> Options::number(std::string_view name, double lo, double hi) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  double result = 0;
  if (!parse_number(*value, result) || result < lo || result > hi)
    fail(name, fmt::format("'{}' is not a number from {} to {}", *value, lo, hi));
  return result;
}

std::size_t Options::choice(std::string_view name, std::span<const std::string_view> names) const {
  const std::string value = required(name);
  const auto found = std::find(names.begin(), names.end(), value);
  if (found == names.end())
    fail(name, fmt::format("'{}' is unknown, {}", value, expected_name(value, names)));
  return static_cast<std::size_t>(found - names.begin());
}

const std::string& Options::only() const {
  if (positional_.size() != 1)
    throw InputError(fmt::format(
        "unnasim {}: {}, see unnasim {} --help", command_,
        positional_.empty() ? "expected a file" : "expected one file, not several", command_));
  return positional_.front();
}

void Options::fail(std::string_view option, std::string_view message) const {
  throw InputError(fmt::format("unnasim {}: --{}: {}", command_, option, message));
}

}  // namespace unna
