#include <fmt/format.h>

#include <iterator>

#include "isa/object.h"

namespace unna {
namespace {

constexpr std::string_view kHead = R"(# Instruction set

Generated from the tables in `isa/opcode.h`; rewrite it with `UNNA_REBASE=1 ctest -R IsaDocs`.

A program is one stream of instructions a core. The control processor dispatches a stream in order
to four in-order engines, which run asynchronously: `ln` (DRAM to NBin), `ls` (DRAM to SB), `cp`
(compute) and `st` (NBout to DRAM). In assembly an instruction is one line:

```
conv wait(ln,ls) signal(st) op(3) in=nbin[0] wt=sb[0] bias=sb[8192] out=nbout[0] in_h=6 ...
```

**Tokens.** For every ordered pair of engines of a core there is a counter. An instruction starts
when it has taken one token from each engine of its `wait` set, and when it has completed it gives
one to each engine of its `signal` set. The n-th token given is the n-th taken. In program order a
token is given before it is taken, and none is left at the halt.

**Between cores.** A `barrier` holds the control processor until all its cores have arrived. `signal`
and `wait` are executed by the store and the load-neuron engine, in order with its other
instructions; a semaphore has one waiting and one signalling core.

**Addresses.** DRAM is addressed as (buffer, offset): a program is relocatable. On-chip addresses
name a memory and a byte. Tiles are dense, channels innermost, unless an instruction has strides.

**Encoding.** 128 bytes an instruction, little-endian: opcode, wait set, signal set, 0 (a byte
each), layer (32 bits), 0 (64 bits), then 28 operand words of 32 bits in the order of the table
below; words that the opcode does not use are 0. `isa/object_file.cpp` describes the `.uno` file
around the streams.

**Text.** `disassemble()` and `assemble()` are exact inverses. A program begins with `.unnasim 1`;
`.network`, `.data_type`, `.core`, `.parallel_layers`, `.buffer`, `.layer` and `.topology` are its
tables, `.stream c0` begins the instructions of core 0, and `#` a comment. Names stand in double
quotes, with `\"`, `\\`, `\n` and `\xHH` as escapes. Operand words that are no value of their kind
are written, and read, as `0x...`.

)";

constexpr std::string_view kTail = R"(
## What the verifier rejects

`verify()` names core, pc and disassembly of the first fault, and checks

- tables: names of buffers unique, references to layers and buffers in range and ascending;
- operands: extents and repetitions at least 1, functions that the opcode takes (`pool` and
  `reduce`: max, sum; `ewise`: add, sub, mul, div, max, min; `resize`: none, mean; `act` and
  `post`: functions of one operand), flags that go together, finite reals, scales above
  0, zero points of 8 bits;
- step-indexed synapses: on a core with an indexing module, of no more synapses than the tile has
  positions, of bytes that can hold them, in cycles that its multipliers could take;
- memories: `load.n` writes NBin, `load.s` SB, `store` reads NBout; compute reads `in` and `in2`
  from NBin or NBout, `wt` and `bias` from SB, and writes NBout; every access within its memory;
- DRAM: the hull of a strided access within its buffer; no store to an input or a weight;
- streams: exactly one `halt`, at the end;
- tokens: given before they are taken, in program order; none left at the halt; only between
  different engines; none on control instructions;
- between cores: executing barriers, signals and waits without time, in program order, every core
  halts; barriers that meet have the same serial number; no signal is left over. So a program that
  passes can't hang, whatever the depth of the queues.

## How to add an opcode

1. `isa/opcode.h`: an enumerator and, at the same place, a row of `kOpcodes` with mnemonic, unit,
   timing class, operands and meaning; an operand that is new is an enumerator and a row of
   `kOperands`. Encoder, decoder, assembler, disassembler and this page follow.
2. `cost/timing.cpp`: its cycles in `compute_cycles()` and what it touches in `local_accesses()`, with
   the formula in `docs/model.md`.
3. `isa/verify_operands.cpp`, only where it takes functions or memories that the rules above do not
   cover.
4. Its meaning: a class of `sim/compute/`, which `sim/compute_unit.cpp` calls, and the kernel of the compiler that emits it.
5. Tests: a row of `tests/isa/verify_test.cpp` for each new rule; the round trips take it from the
   table. `UNNA_REBASE=1 ctest -R IsaDocs` rewrites this page.

New opcodes and operands go to the ends of their tables: numbers in existing object files keep
their meaning. Otherwise raise the version in `isa/object_file.cpp`.
)";

constexpr std::array<std::string_view, 5> kUnitNames = {"ln", "ls", "cp", "st", "control"};
constexpr std::array<std::string_view, 7> kTimingNames = {"control",     "dma",     "mac", "pool",
                                                          "elementwise", "special", "move"};
constexpr std::array<std::string_view, 8> kOperandKindNames = {
    "on-chip address",  "buffer",   "count",    "signed number",
    "single precision", "function", "flag set", "core"};

using Out = std::back_insert_iterator<std::string>;

std::string operand_list(const OpcodeInfo& row) {
  std::string out;
  for (std::size_t k = 0; k < kMaxOperands && row.operands[k]; ++k)
    fmt::format_to(Out(out), "{}`{}`", out.empty() ? "" : " ", info(*row.operands[k]).name);
  return out;
}

}  // namespace

std::string isa_markdown() {
  std::string out(kHead);
  out +=
      "## Opcodes\n\n| number | opcode | unit | timing | operands | meaning |\n"
      "|---|---|---|---|---|---|\n";
  for (const OpcodeInfo& row : kOpcodes)
    fmt::format_to(Out(out), "| {} | `{}` | {} | {} | {} | {} |\n",
                   static_cast<unsigned>(row.opcode), row.mnemonic,
                   kUnitNames[static_cast<std::size_t>(row.unit)],
                   kTimingNames[static_cast<std::size_t>(row.timing)], operand_list(row), row.doc);
  out += "\n## Operands\n\n| operand | kind | meaning |\n|---|---|---|\n";
  for (const OperandInfo& row : kOperands)
    fmt::format_to(Out(out), "| `{}` | {} | {} |\n", row.name,
                   kOperandKindNames[static_cast<std::size_t>(row.kind)], row.doc);
  out += "\n## Functions\n\nNumbered from 0:";
  for (const FunctionInfo& row : kFunctions)
    fmt::format_to(Out(out), "{} `{}`", row.name == kFunctions[0].name ? "" : ",", row.name);
  out += ".\n";
  return out + std::string(kTail);
}

}  // namespace unna
