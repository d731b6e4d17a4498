// docs/machine.md.

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "configs/machine.h"
#include "configs/machine_fields.h"

namespace unna {
namespace {

constexpr std::string_view kMarkdownHead = R"(# The machine file

Generated from `configs/machine.h`; rewrite it with `UNNA_REBASE=1 ctest -R MachineDocs`.

A machine is one YAML map. A field that is not given keeps its default; an unknown or duplicate key,
a wrong type and a value out of range are errors with file, line and column. Sections (`core`,
`sync`, `dram`, and in it `timing` and `controller`) are maps; `--set core.pes=32` sets one field
from the command line. `dram.standard` sets many fields at once, and `dram.clock_mhz` all of
`dram.timing`: in a file, and again among the `--set`s of a command line, the one comes first and
the other next, wherever they stand. The shipped
machines are `configs/cambricon-x-1.yaml`, `-4` and `-16`; without `--machine` the one with the
smallest memory system for at least `--cores` cores is taken. `configs/diannao-like-1.yaml` and
`-4` are two of them without an indexing module.

Two more resemble published machines of today in their sizes: `configs/ethos-u85-like.yaml` is a
core with 2,048 multipliers for int8 and 32 bits of LPDDR5, `configs/ascend-910-like.yaml` has 32
cores with 4,096 multipliers each for fp16 and four stacks of HBM2. Each number in these files has
its source, or says that it was chosen; no energy table is shipped for them
([energy.md](energy.md)). [results.md](results.md) sets them beside Cambricon-X.
`--machine NAME` takes any of these files by its name, without folder and `.yaml`.

Integers are decimal without leading zeros; numbers are decimal and finite.

| field | default | range | unit | meaning |
|---|---|---|---|---|
)";

constexpr std::string_view kMarkdownTail = R"(
## How to add a machine field

1. `configs/machine.h`: the member with its default in its struct, and one row in `visit_fields()`
   with range, unit and meaning. The loader, the dumper, `--set`, the sweep's axes and this page
   follow.
2. The place that charges it (a function in `cost/timing.cpp`, or `sim/`), with a test that fails
   when the field is ignored.
3. `UNNA_REBASE=1 ctest -R MachineDocs` rewrites this page; a new section needs a sentence in
   the head above.
4. A preset in `configs/` sets it only where the shipped machine differs from the default.

A field of `core` is part of every object file, and an object without it is refused: raise the
version in `isa/object_file.cpp`.

## A memory's file

`dram.standard` names a file of `configs/dram`: one channel of a memory, with the source of its
values. The organisation has the fields of the table above from `dram.clock_mhz` to
`dram.command_clocks`, one rank. A time is nanoseconds with at most three decimals (`13.32 ns`),
clocks of the commands (`8 clk`, JEDEC's nCK), the longer of two (`max(4 clk, 7.5 ns)`), or a sum
or difference of such and of times that stand before it in the table (`ras + rp`). Nanoseconds are
rounded up to whole clocks of the commands, each for itself; those of `refi`, by which a refresh
has to come, down. So `--set dram.clock_mhz=1600` makes a DDR4-3200 of `ddr4-2400`, and leaves what
its standard gives in nanoseconds true.
)";

}  // namespace

std::string machine_markdown() {
  std::string out(kMarkdownHead);
  for (const FieldText& f : describe_fields(MachineConfig{}))
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", f.path, f.value, f.range, f.unit, f.doc);
  return out + std::string(kMarkdownTail);
}

}  // namespace unna
