// Runs as a whole: conservation, determinism, many in one process, errors.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>
#include <vector>

#include "base/rng.h"
#include "isa/accesses.h"
#include "tests/sim/program.h"

namespace unna::testing {
namespace {

/// Tiles of random size on every core, double-buffered, with a barrier now and then.
Image random_program(std::uint64_t seed, std::size_t cores, int tiles) {
  Rng rng(seed);
  Program program(cores);
  const BufferId in = program.buffer("in", BufferKind::input, 4096);
  const BufferId weights = program.buffer("weights", BufferKind::weight, 4096);
  const BufferId out = program.buffer("out", BufferKind::output, 4096);
  for (int t = 0; t < tiles; ++t) {
    if (t % 10 == 0) program.layer(fmt::format("layer{}", t));
    for (std::size_t c = 0; c < cores; ++c) {
      const Engines reuse = t % 10 >= 2 ? Engines{kCp} : Engines{};
      program.add(c, load_n(in, rng.between(1, 4096)).takes(reuse).gives({kCp}))
          .add(c, load_s(weights, rng.between(1, 4096)).takes(reuse).gives({kCp}))
          .add(c, compute(rng.between(0, 300))
                      .takes({kLn, kLs})
                      .gives(t % 10 < 8 ? Engines{kLn, kLs, kSt} : Engines{kSt}))
          .add(c, store(out, rng.between(1, 4096)).takes({kCp}));
      if (t % 10 == 9) program.add(c, barrier((std::uint64_t{1} << cores) - 1));
    }
  }
  return program.image();
}

TEST(Run, TwiceTheSameGivesTheSameEventsInTheSameOrder) {
  const Image image = random_program(1, 4, 50);
  std::vector<TraceEvent> runs[2];
  for (auto& events : runs) {
    SimOptions options;
    options.trace = [&](const TraceEvent& e) { events.push_back(e); };
    simulate(image, plain_machine(4), options);
  }
  EXPECT_EQ(runs[0], runs[1]);
  EXPECT_EQ(runs[0].size(), 4U * (50 * 4 + 5 + 1));
}

TEST(Run, CoresWithTheSameProgramTakeTheSameTime) {
  Program program(8);
  const BufferId in = program.buffer("in", BufferKind::input, 4096);
  Rng rng(2);
  for (int t = 0; t < 40; ++t) {
    const Bytes bytes = rng.between(1, 4096);
    const Cycle cycles = rng.between(0, 300);
    for (std::size_t c = 0; c < 8; ++c)
      program.add(c, load_n(in, bytes).gives({kCp})).add(c, compute(cycles).takes({kLn}));
  }
  const Trace trace = trace_of(program.image(), plain_machine(8), {});
  for (std::uint32_t pc = 0; pc < 80; ++pc)
    for (std::uint32_t c = 1; c < 8; ++c) EXPECT_EQ(span(trace, c, pc), span(trace, 0, pc));
}

TEST(Run, NothingIsLost) {
  const Image image = random_program(3, 3, 60);
  SimResult result;
  const Trace trace = trace_of(image, plain_machine(3), {}, &result);
  Bytes read = 0;
  Bytes written = 0;
  std::int64_t instructions = 0;
  for (const auto& stream : image.object->streams)
    for (const Instruction& i : stream) {
      ++instructions;
      if (const auto access = dram_access(i)) (access->write ? written : read) += access->bytes;
    }
  EXPECT_EQ(result.dram_read, read);
  EXPECT_EQ(result.dram_written, written);
  EXPECT_EQ(result.instructions, instructions);
  EXPECT_EQ(trace.events.size(), static_cast<std::size_t>(instructions));
  for (const CoreStats& core : result.cores) {
    std::int64_t by_engine = 0;
    for (const EngineStats& e : core.engines) {
      Cycle cycles = e.busy;
      for (const Cycle stall : e.stall) cycles += stall;
      EXPECT_EQ(cycles, result.cycles);
      by_engine += e.instructions;
    }
    std::int64_t by_layer = 0;
    Cycle busy = 0;
    for (const LayerStats& layer : core.layers) {
      by_layer += layer.instructions;
      busy += layer.compute_busy;
    }
    EXPECT_EQ(by_layer, by_engine);
    EXPECT_EQ(busy, core.engines[static_cast<std::size_t>(kCp)].busy);
  }
}

TEST(Run, TraceIsInOrderOnEveryEngine) {
  const Trace trace = trace_of(random_program(4, 2, 40), plain_machine(2), {});
  for (std::size_t i = 1; i < trace.events.size(); ++i) {
    const TraceEvent& a = trace.events[i - 1];
    const TraceEvent& b = trace.events[i];
    EXPECT_LE(b.start, b.end);
    if (a.core == b.core) {
      EXPECT_LT(a.pc, b.pc);
    }
  }
  std::array<std::array<Cycle, kEngines>, 2> last{};
  for (const TraceEvent& e : trace.events) {
    if (!e.engine) continue;
    Cycle& end = last[e.core.index()][static_cast<std::size_t>(*e.engine)];
    EXPECT_GE(e.end, end);
    end = e.end;
  }
}

TEST(Run, MacsAreThoseOfTheInstructions) {
  Program program;
  Instruction i(Opcode::matmul, OpId(0));
  i.set_local(Operand::wt, {Memory::sb, 0}).set_local(Operand::out, {Memory::nbout, 0});
  i.set_count(Operand::rows, 3).set_count(Operand::in_c, 20).set_count(Operand::out_c, 17);
  i.set_count(Operand::wt_rs, 20).set_count(Operand::wt_cs, 1);
  program.add(0, {i});
  const SimResult result = simulate(program.image(), plain_machine(), {});
  EXPECT_EQ(result.macs, 3 * 20 * 17);
  EXPECT_EQ(result.cycles, 1 + 3 * 2 * 2);
}

TEST(Run, TraceHeaderDescribesTheProgram) {
  Program program(2);
  program.layer("conv1");
  program.buffer("in", BufferKind::input, 64);
  program.add(0, compute(1)).add(1, compute(1));
  const Trace trace = trace_of(program.image(), plain_machine(2), {});
  EXPECT_EQ(trace.network, "test");
  EXPECT_EQ(trace.cores, 2);
  EXPECT_EQ(trace.layers, (std::vector<std::string>{"conv1"}));
  ASSERT_EQ(trace.buffers.size(), 1U);
  EXPECT_EQ(trace.buffers[0].name, "in");
}

std::int64_t resident_kib() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t size = 0;
  std::int64_t resident = 0;
  statm >> size >> resident;
  return resident * 4;
}

TEST(Run, AThousandInOneProcessTakeNoMoreMemoryThanTen) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer keeps freed memory; it looks for leaks itself";
#endif
  const Image image = random_program(5, 4, 10);
  for (int i = 0; i < 10; ++i) simulate(image, plain_machine(4), {});
  const std::int64_t before = resident_kib();
  if (before == 0) GTEST_SKIP() << "no /proc/self/statm";
  const Cycle cycles = simulate(image, plain_machine(4), {}).cycles;
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(simulate(image, plain_machine(4), {}).cycles, cycles);
  EXPECT_LT(resident_kib() - before, 4096);
}

TEST(Run, ThreadsTakeTurns) {
  const Image image = random_program(6, 2, 20);
  const Cycle cycles = simulate(image, plain_machine(2), {}).cycles;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) EXPECT_EQ(simulate(image, plain_machine(2), {}).cycles, cycles);
    });
}

TEST(Run, ExceptionOfACallbackKeepsItsType) {
  struct Mine {};
  SimOptions options;
  options.trace = [](const TraceEvent&) { throw Mine{}; };
  const Image image = random_program(7, 2, 5);
  EXPECT_THROW(simulate(image, plain_machine(2), options), Mine);
  EXPECT_GT(simulate(image, plain_machine(2), {}).cycles, 0);
}

TEST(Run, InstructionThatIsTooLargeIsAnInputError) {
  Program program;
  Line line = compute(1);
  line.instruction.set_count(Operand::rows, 0xffffffff).set_count(Operand::cols, 0xffffffff);
  program.add(0, line);
  EXPECT_THROW(simulate(program.image(), plain_machine(), {}), InputError);
}

TEST(Run, ProgramsThatTheMachineCannotTakeAreRefused) {
  const auto refusal = [](const Image& image, std::int64_t cores) -> std::string {
    try {
      simulate(image, plain_machine(cores), {});
    } catch (const InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal(Program(3).image(), 2), "the program is for 3 cores, the machine has 2");
  EXPECT_EQ(refusal(Program(2).image(), 2), "accepted");

  Program no_buffer;
  no_buffer.add(0, load_n(BufferId(3), 64));
  EXPECT_NE(refusal(no_buffer.image(), 1).find("there is no such buffer"), std::string::npos);
  Program no_core;
  no_core.add(0, signal(1, 0));
  EXPECT_NE(refusal(no_core.image(), 1).find("there is no such core"), std::string::npos);
  Program alone;
  alone.add(0, barrier(0b10));
  EXPECT_NE(refusal(alone.image(), 1).find("not in the set"), std::string::npos);
  Program absent;
  absent.add(0, barrier(0b11));
  EXPECT_NE(refusal(absent.image(), 1).find("cores that have no program"), std::string::npos);

  auto object = std::make_shared<Object>();
  object->streams.resize(1);
  EXPECT_EQ(refusal({object, {}}, 1), "core 0: the program does not end with halt");
}

}  // namespace
}  // namespace unna::testing
