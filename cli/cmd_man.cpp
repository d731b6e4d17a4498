// The manual page and the shells' completions, from the table of commands.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/version.h"
#include "cli/commands.h"

namespace unna {
namespace {

constexpr CommandHelp kManHelp = {
    "man", "", "Prints the manual page of unnasim, in the man macros that `man -l FILE` reads."};
constexpr CommandHelp kCompletionHelp = {
    "completion", "SHELL",
    "Prints the completions of command lines for bash or zsh, for example\n"
    "  source <(unnasim completion bash)"};

/// An option's names: "output,o" is --output and -o.
struct OptionNames {
  std::string long_name;
  std::string short_name;  ///< empty: none
};
OptionNames names_of(const OptionRow& row) {
  const std::size_t comma = row.name.find(',');
  if (comma == std::string_view::npos) return {std::string(row.name), ""};
  return {std::string(row.name.substr(0, comma)), std::string(row.name.substr(comma + 1))};
}

/// Text as roff takes it: no line begins with a control character, and hyphens stay hyphens.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if ((out.empty() || out.back() == '\n') && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string man_options(const CommandInterface& takes) {
  std::string out;
  for (const OptionRow& row : takes.options) {
    const OptionNames names = names_of(row);
    out += ".TP\n\\fB" + roff(fmt::format("--{}", names.long_name)) + "\\fR";
    if (!names.short_name.empty())
      out += ", \\fB" + roff(fmt::format("-{}", names.short_name)) + "\\fR";
    if (!row.value.empty()) out += " \\fI" + roff(row.value) + "\\fR";
    out += fmt::format("\n{}", roff(row.doc));
    if (!row.fallback.empty()) out += roff(fmt::format(" (default: {})", row.fallback));
    out += "\n";
  }
  return out;
}

std::string man_page() {
  std::string out = fmt::format(
      ".TH UNNASIM 1 \"\" \"unnasim {}\" \"User Commands\"\n.SH NAME\nunnasim \\- "
      "instruction\\-level simulator of a multicore neural\\-network accelerator\n.SH SYNOPSIS\n"
      "\\fBunnasim\\fR \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n.SH COMMANDS\n",
      kVersion);
  for (const Command& command : commands()) {
    const CommandInterface takes = command.interface();
    out += fmt::format(".SS {} {}\n.nf\n{}\n.fi\n", command.name, roff(takes.help.positional),
                       roff(takes.help.doc));
    out += man_options(takes);
  }
  return out +
         ".SH EXIT STATUS\n0 done, 1 no point of a sweep is good or a checked plan not valid, 2 "
         "bad "
         "input, 3 does not fit, 4 the simulated machine hangs, 70 a bug of unnasim.\n";
}

std::string long_options(const CommandInterface& takes) {
  std::string all = "--help";
  for (const OptionRow& row : takes.options) all += fmt::format(" --{}", names_of(row).long_name);
  return all;
}

std::string bash_completion() {
  std::string names;
  std::string cases;
  for (const Command& command : commands()) {
    names += fmt::format("{}{}", names.empty() ? "" : " ", command.name);
    cases +=
        fmt::format("    {}) options=\"{}\" ;;\n", command.name, long_options(command.interface()));
  }
  return fmt::format(
      R"(# Completion of unnasim's command lines for bash.
_unnasim() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} options=
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "{} --help --version" -- "$word")
    return
  fi
  [[ $word == -* ]] || return
  case ${{COMP_WORDS[1]}} in
{}  esac
  mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
}}
complete -o default -F _unnasim unnasim
)",
      names, cases);
}

/// Text between brackets of an _arguments specification.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else if (c == '[' || c == ']' || c == ':' || c == '\\')
      (out += '\\') += c;
    else
      out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string zsh_completion() {
  std::string names;
  std::string cases;
  for (const Command& command : commands()) {
    names += fmt::format("    '{}:{}'\n", command.name, zsh_text(command.doc));
    cases += fmt::format("    {})\n      _arguments '--help[this text]'", command.name);
    const CommandInterface takes = command.interface();
    for (const OptionRow& row : takes.options)
      cases += fmt::format(" \\\n        '*--{}[{}]{}'", names_of(row).long_name, zsh_text(row.doc),
                           row.value.empty() ? "" : fmt::format(":{}:_files", zsh_text(row.value)));
    cases += " \\\n        '*:file:_files'\n      ;;\n";
  }
  return fmt::format(
      R"(#compdef unnasim
# Completion of unnasim's command lines for zsh.
_unnasim() {{
  local -a names
  names=(
{}  )
  if ((CURRENT == 2)); then
    _describe command names
    return
  fi
  local name=$words[2]
  shift words
  ((CURRENT--))
  case $name in
{}  esac
}}
_unnasim "$@"
)",
      names, cases);
}

}  // namespace

CommandInterface man_interface() {
  return {kManHelp, {}};
}

int man_command(const Options& /*options*/) {
  fmt::print("{}", man_page());
  return kExitOk;
}

CommandInterface completion_interface() {
  return {kCompletionHelp, {}};
}

int completion_command(const Options& options) {
  const std::vector<std::string>& shells = options.positional();
  if (shells.size() != 1 || (shells[0] != "bash" && shells[0] != "zsh"))
    throw InputError(
        fmt::format("unnasim completion: {}, expected one shell, bash or zsh",
                    shells.empty() ? "no shell" : fmt::format("{}", fmt::join(shells, " "))));
  fmt::print("{}", shells[0] == "bash" ? bash_completion() : zsh_completion());
  return kExitOk;
}

}  // namespace unna
