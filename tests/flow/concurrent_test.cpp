// simulate in two processes and in one: the same figures.

#include <gtest/gtest.h>

#include "flow/pipeline.h"
#include "flow/process_pool.h"
#include "flow/transfer.h"

namespace unna {
namespace {

Run run(const char* network, std::int64_t cores, Bytes cache, bool concurrent) {
  ChosenMachine machine{preset_machine(cores), std::nullopt};
  machine.config.dram.model = DramModel::banked;
  machine.config.cache.size_bytes = cache;
  RunOptions options;
  options.concurrent = concurrent;
  NetworkChoice choice;
  choice.file = std::string(UNNASIM_SOURCE_DIR) + "/workloads/" + network + ".yaml";
  return run_network(choice, machine, options, false);
}

TEST(Concurrent, layouts_simulated_at_once_give_the_same_report) {
  for (const Bytes cache : {Bytes{0}, Bytes{1} << 18}) {
    const auto at_once = run("lenet5", 4, cache, true);
    const auto in_turn = run("lenet5", 4, cache, false);
    EXPECT_EQ(summary_json(at_once.report), summary_json(in_turn.report));
    EXPECT_EQ(layers_csv(*at_once.compiled.object, at_once.report),
              layers_csv(*in_turn.compiled.object, in_turn.report));
    ASSERT_TRUE(at_once.report.shared);
    EXPECT_GT(at_once.report.shared->memory->dram.reads, 0);
    EXPECT_EQ(at_once.planned.plan.offsets, in_turn.planned.plan.offsets);
  }
}

TEST(Concurrent, what_validate_found_comes_through) {
  Validated v;
  v.figures = {true, true, 3, true};
  MemoryStats& m = v.shared.emplace().memory.emplace();
  v.shared->cycles = 11;
  m.dram = {1, 2, 3, 4, 5, 6, 7, 8};
  m.burst_bytes = 64;
  m.cache.total = {9, 10, 11, 12};
  m.cache.by_buffer = {{13, 14, 15, 16}, {17, 18, 19, 20}};
  m.ports = {{21, 22, 23, 24, 25, 26}};
  const std::string bytes = packed(v);
  const auto copy = unpacked<Validated>(bytes);
  EXPECT_EQ(packed(copy), bytes);
  EXPECT_EQ(copy.figures.perturbed, 3);
  EXPECT_EQ(copy.shared->cycles, 11);
  EXPECT_EQ(copy.shared->memory->dram.forwarded, 8);
  EXPECT_EQ(copy.shared->memory->cache.by_buffer[1].write_hits, 20);
  EXPECT_EQ(copy.shared->memory->ports[0].occupied, 26);
  EXPECT_THROW(unpacked<Validated>(bytes.substr(0, bytes.size() / 2)), InternalError);
  EXPECT_THROW(unpacked<Validated>(bytes + "1"), InternalError);
  EXPECT_THROW(unpacked<LayoutFigures>(bytes), InternalError);
}

TEST(Transfer, figures_and_cells_come_through) {
  const LayoutFigures figures = {1, 2, 3, 4, 5, 6, 7};
  EXPECT_EQ(unpacked<LayoutFigures>(packed(figures)), figures);
  const std::vector<Cell> cells = {Cell(), std::int64_t{1}, 1.0, 0.1, true, std::string("a\n\"")};
  EXPECT_EQ(unpacked<std::vector<Cell>>(packed(cells)), cells);
}

TEST(ChildWork, goes_on_beside_and_tells_how_it_ended) {
  ChildWork fine([] { return std::string(1 << 20, 'x'); });
  ChildWork bad([]() -> std::string { throw std::runtime_error("no"); });
  EXPECT_FALSE(bad.wait().ok());
  const ChildOutcome outcome = fine.wait();
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(outcome.text.size(), std::size_t{1} << 20U);
  const ChildWork forgotten([] { return std::string("never read"); });
}

}  // namespace
}  // namespace unna
