#include "flow/sweep.h"

#include <gtest/gtest.h>

#include <ostream>

#include "base/error.h"
#include "flow/sweep_columns.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

constexpr const char* kAxes =
    "sweep: s\n"
    "axes:\n"
    "  network: [a.yaml, b.yaml]\n"
    "  cores: [1, 4]\n"
    "  machine.dram.channels: [2, 4]\n";

SweepSpec parsed(const std::string& more = "") {
  return parse_sweep(std::string(kAxes) + more, "dir/s.yaml");
}

TEST(Sweep, the_first_axis_varies_slowest) {
  const SweepSpec spec = parsed();
  const auto points = sweep_points(spec);
  ASSERT_EQ(points.size(), 8U);
  EXPECT_EQ(axis_cells(spec, points[1]), (std::vector<std::string>{"a.yaml", "1", "4"}));
  EXPECT_EQ(axis_cells(spec, points[4]), (std::vector<std::string>{"b.yaml", "1", "2"}));
}

TEST(Sweep, a_condition_needs_all_its_axes_and_one_of_its_values) {
  EXPECT_EQ(sweep_points(parsed("exclude: [{cores: 4, network: a.yaml}]\n")).size(), 6U);
  EXPECT_EQ(sweep_points(parsed("exclude: [{cores: [1, 4], network: a.yaml}]\n")).size(), 4U);
  EXPECT_EQ(sweep_points(parsed("include: [{cores: 4}, {network: b.yaml}]\n")).size(), 6U);
  EXPECT_EQ(sweep_points(parsed("include: [{cores: 4}]\nexclude: [{network: b.yaml}]\n")).size(),
            2U);
}

TEST(Sweep, a_point_resolves_to_network_machine_and_options) {
  const SweepSpec spec = parsed("perturb: 2\nmachine: {set: {core.queue_depth: 4}}\n");
  const SweepRun run = resolve(spec, sweep_points(spec)[7]);
  EXPECT_EQ(run.network.file, "dir/b.yaml");
  EXPECT_EQ(run.machine.config.cores, 4);
  EXPECT_EQ(run.machine.config.dram.layout.channels, 4);
  EXPECT_EQ(run.machine.config.core.queue_depth, 4);
  EXPECT_EQ(run.options.perturbed, 2);
}

TEST(Sweep, shapes_of_inputs_are_axes) {
  const SweepSpec spec = parse_sweep(
      "sweep: s\naxes:\n  network: [a.onnx]\n  input_shape.x: [1x3x8x8, 4x3x8x8]\n", "s.yaml");
  const auto points = sweep_points(spec);
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(resolve(spec, points[1]).network.onnx.input_shapes.at("x"), (Shape{4, 3, 8, 8}));
}

TEST(Sweep, linked_axes_vary_together) {
  const SweepSpec spec = parse_sweep(
      "sweep: s\naxes:\n"
      "  zip: {cores: [1, 4, 4], machine.dram.channels: [1, 1, 2]}\n"
      "  network: [a.yaml, b.yaml]\n",
      "s.yaml");
  const auto points = sweep_points(spec);
  ASSERT_EQ(points.size(), 6U);
  EXPECT_EQ(axis_names(spec),
            (std::vector<std::string>{"cores", "machine.dram.channels", "network"}));
  EXPECT_EQ(axis_cells(spec, points[1]), (std::vector<std::string>{"1", "1", "b.yaml"}));
  EXPECT_EQ(axis_cells(spec, points[4]), (std::vector<std::string>{"4", "2", "a.yaml"}));
}

TEST(Sweep, several_groups_of_linked_axes_are_dimensions_of_their_own) {
  const SweepSpec spec = parse_sweep(
      "sweep: s\naxes:\n"
      "  zip: [{network: [a, b], seed: [1, 2]}, {cores: [1, 4], bands: [2, 3]}]\n",
      "s.yaml");
  EXPECT_EQ(spec.dimensions, (std::vector<std::size_t>{2, 2}));
  EXPECT_EQ(sweep_points(spec).size(), 4U);
}

TEST(Sweep, a_filter_that_leaves_nothing_is_an_error) {
  const SweepSpec spec = parsed("include: [{cores: 4}]\nexclude: [{cores: 4}]\n");
  EXPECT_EQ(input_error([&] { sweep_points(spec); }),
            "dir/s.yaml: 'include' and 'exclude' leave no point, expected one or more");
}

TEST(Sweep, a_failure_is_one_line_with_as_many_cells) {
  const auto cells = result_cells(failed_point(WorkEnd::failed, "first\nsecond"));
  EXPECT_EQ(cells.size(), result_columns().size());
  EXPECT_EQ(cells[0], "failed");
  EXPECT_EQ(cells[1], "first second");
  EXPECT_EQ(cells[2], "");
}

TEST(Sweep, bands_are_taken_where_some_granularity_has_them) {
  for (const char* granularity : {"", "  granularity: [tensor, band]\n", "  granularity: [auto]\n"})
    EXPECT_NO_THROW(parse_sweep(
        std::string("sweep: s\naxes:\n  network: [a]\n  bands: [2, 4]\n") + granularity, "s.yaml"));
}

struct BadCase {
  const char* yaml;
  const char* start;  ///< of the message

  friend void PrintTo(const BadCase& c, std::ostream* out) { *out << c.start; }
};

class BadSweep : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadSweep, is_refused_at_its_place) {
  try {
    parse_sweep(GetParam().yaml, "s.yaml");
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_EQ(std::string(error.what()).substr(0, std::string(GetParam().start).size()),
              GetParam().start);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadSweep,
    ::testing::Values(
        BadCase{"sweep: s\n", "s.yaml:1:1: "},
        BadCase{"sweep: a/b\naxes: {network: [a]}\n", "s.yaml:1:8: expected a name"},
        BadCase{"sweep: s\naxes: {cores: [1]}\n", "s.yaml:2:7: expected an axis 'network'"},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  colour: [red]\n",
                "s.yaml:4:3: unknown axis 'colour'"},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  machine.core.pe: [1]\n",
                "s.yaml:4:3: the machine has no field 'core.pe'"},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  machine.cores: [1]\n",
                "s.yaml:4:3: machine.cores is the axis 'cores'"},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  cores: [1, four]\n", "s.yaml:4:14: "},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  input_shape.x: [1x3xq]\n",
                "s.yaml:4:19: '1x3xq' is no shape"},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  input_shape.: [1x3]\n",
                "s.yaml:4:3: unknown axis 'input_shape.'"},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  cores: [0]\n", "s.yaml:4:11: "},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  cores: []\n",
                "s.yaml:4:10: axis cores has no values"},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  cores: [1, 4, 1]\n",
                "s.yaml:4:17: cores has the value 1 twice"},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  zip: {cores: [1, 4], seed: [1]}\n",
                "s.yaml:4:30: seed has 1 values, expected 2 as cores has"},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  zip: {cores: [1, 1], seed: [1, 1]}\n",
                "s.yaml:4:20: cores, seed has the value 1, 1 twice"},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  zip: {cores: [1, 4]}\n",
                "s.yaml:4:8: expected two axes to link"},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  cores: [1]\n  zip: {cores: [1], seed: [1]}\n",
                "s.yaml:5:17: axis cores twice"},
        BadCase{"sweep: s\nmachine: {file: m.yaml}\naxes: {network: [a], machine: [n.yaml]}\n",
                "s.yaml:3:7: an axis 'machine' and the file of 'machine'"},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  planner: [best]\n", "s.yaml:4:13: "},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  granularity: [pixel]\n", "s.yaml:4:17: "},
        BadCase{"sweep: s\naxes:\n  network: [a]\n  machine.dram.latency_cycles: [-1]\n",
                "s.yaml:4:33: "},
        BadCase{
            "sweep: s\naxes:\n  network: [a]\n  granularity: [tensor, slice]\n  bands: [2, 4]\n",
            "s.yaml:5:11: axis bands takes effect with granularity band or auto only"},
        BadCase{"sweep: s\naxes: {network: [a]}\nexclude: [{cores: 1}]\n",
                "s.yaml:3:12: 'cores' is no axis of this sweep"},
        BadCase{"sweep: s\naxes: {network: [a]}\nexclude: [{network: b}]\n",
                "s.yaml:3:21: axis network has no such value"},
        BadCase{"sweep: s\naxes: {network: [a]}\njobs: 2\n", "s.yaml:3:1: "}));

}  // namespace
}  // namespace unna
