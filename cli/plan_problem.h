#pragma once

// What `unnasim plan` is given: a problem's file, or a trace.

#include <fmt/format.h>

#include <optional>
#include <string>

#include "base/error.h"
#include "cli/options.h"
#include "isa/trace.h"
#include "memmgr/problem.h"

namespace unna {

/// Errors of what is asked of a file's content, not of its text, get the file's name.
template <class Body>
auto named(const std::string& file, Body&& body) {
  try {
    return body();
  } catch (const InputError& error) {
    throw InputError(fmt::format("{}: {}", file, error.what()));
  }
}

/// Of CSV, JSON or a trace; `-` is standard input. `kept` gets the trace that the problem is made
/// of, if it is one. Throws InputError, also where a network is given, or an alignment of a file
/// that says its own.
PlanProblem load_problem(const std::string& file, const Options& options,
                         std::optional<Bytes> alignment, std::optional<Trace>& kept);

}  // namespace unna
