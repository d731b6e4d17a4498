#pragma once

// What no order of lines can do without: a lower bound on the footprint of every schedule that
// makes whole lines, each once.

#include "base/units.h"
#include "compiler/lines.h"

namespace unna {

/// When line j of kernel k is made, the lines made before are closed under "needs", and among them
/// are those that it reads, not itself. Alive are the line itself and those of them that something
/// not yet made reads: at least the minimum cut between what (k, j) reads and (k, j), in a network
/// where a line costs its bytes once if any of its readers lies on the other side. The result is
/// the largest of these for some lines of each kernel. It holds for any order in which each
/// kernel's lines are made from the top, any number of cores and any division into steps, of lines
/// over their whole width. Strips of columns may go below it, and so may programs that make lines
/// twice, or free some channels of a line before the others. Lines that a window steps over count
/// as read, as they do for schedules.
Bytes row_bound(const LineTable& table);

}  // namespace unna
