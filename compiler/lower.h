#pragma once

// Lowering: operators become kernels, view operators become views.

#include "compiler/canonical.h"
#include "compiler/ir.h"

namespace unna {

/// Throws one InputError that lists every operator that can't be lowered, with the reason.
LoweredGraph lower(const CanonicalGraph& canonical, const MachineConfig& machine);

}  // namespace unna
