#pragma once

// `unnasim plan NETWORK --objective ...`.

#include <span>

#include "cli/options.h"

namespace unna {

/// Those that say how, besides machine, network and compiler.
std::span<const OptionRow> objective_options();

/// `--objective peak,waits`, which is for problems with pairs to avoid, too. Throws InputError
/// where waits are asked for with anything else.
bool asks_for_few_waits(const Options& options);

/// Throws InputError for options that take effect with --objective of a network only.
void refuse_objective_options(const Options& options);

/// The command; the exit code. Throws as the others do.
int plan_network(const Options& options);
/// The same with `--objective peak,waits`.
int plan_waits(const Options& options);

}  // namespace unna
