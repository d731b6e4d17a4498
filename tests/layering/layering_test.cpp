#include "tests/layering/layering.h"

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <ostream>

#include "base/file.h"

namespace unna::layering {
namespace {

namespace fs = std::filesystem;

std::vector<Include> includes_of_tree() {
  const fs::path root = UNNASIM_SOURCE_DIR;
  std::vector<fs::path> files;
  for (const std::string& folder : layers())
    for (const auto& entry : fs::recursive_directory_iterator(root / folder))
      if (entry.path().extension() == ".h" || entry.path().extension() == ".cpp")
        files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Include> all;
  for (const fs::path& file : files) {
    const auto some = includes_of(fs::relative(file, root).generic_string(), read_file(file));
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

/// A folder with a CMakeLists.txt that makes a layer's library; benchmarks are no layer.
TEST(Layering, every_folder_of_the_product_is_a_layer) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(UNNASIM_SOURCE_DIR)) {
    const fs::path cmake = entry.path() / "CMakeLists.txt";
    if (entry.path().filename() == "bench") continue;
    if (fs::exists(cmake) && read_file(cmake).find("_library(") != std::string::npos)
      found.push_back(entry.path().filename());
  }
  std::sort(found.begin(), found.end());
  EXPECT_EQ(found, layers());
}

TEST(Layering, the_tree_keeps_the_walls) {
  const auto includes = includes_of_tree();
  EXPECT_GT(includes.size(), 100U) << "the sources were not found";
  const auto found = breaches(includes);
  EXPECT_TRUE(found.empty()) << fmt::format("{}", fmt::join(found, "\n"));
}

struct Case {
  const char* path;
  const char* text;
  const char* message;  ///< empty: allowed

  friend void PrintTo(const Case& c, std::ostream* out) {
    const auto target = includes_of(c.path, c.text).front().target;
    *out << c.path << (*c.message != '\0' ? " may not include " : " may include ") << target;
  }
};

class Walls : public ::testing::TestWithParam<Case> {};

TEST_P(Walls, a_breach_is_named_and_nothing_else) {
  const auto found = breaches(includes_of(GetParam().path, GetParam().text));
  EXPECT_EQ(fmt::format("{}", fmt::join(found, "\n")), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Walls,
    ::testing::Values(
        Case{"isa/a.h", "#include \"configs/machine.h\"\n", ""},
        Case{"base/a.h", "#include \"isa/object.h\"\n",
             "base/a.h:1: isa/object.h: base may not include isa"},
        Case{"configs/a.cpp", "\n#include \"isa/object.h\"\n",
             "configs/a.cpp:2: isa/object.h: configs may not include isa"},
        Case{"workloads/a.cpp", "#include \"text/yaml.h\"\n", ""},
        Case{"isa/a.cpp", "#include \"cost/timing.h\"\n",
             "isa/a.cpp:1: cost/timing.h: isa may not include cost"},
        Case{"flow/a.cpp", "#include \"cli/options.h\"\n",
             "flow/a.cpp:1: cli/options.h: flow may not include cli"},
        Case{"workloads/a.cpp", "#include \"configs/machine.h\"\n",
             "workloads/a.cpp:1: configs/machine.h: workloads may not include configs"},
        Case{"compiler/a.cpp", "#include \"sim/simulate.h\"\n",
             "compiler/a.cpp:1: sim/simulate.h: compiler may not include sim"},
        Case{"reference/a.cpp", "#include \"compiler/compile.h\"\n",
             "reference/a.cpp:1: compiler/compile.h: reference may not include compiler"},
        Case{"sim/a.cpp", "#include \"reference/reference.h\"\n",
             "sim/a.cpp:1: reference/reference.h: sim may not include reference"},
        Case{"memmgr/a.cpp", "#include \"compiler/compile.h\"\n",
             "memmgr/a.cpp:1: compiler/compile.h: memmgr may not include compiler"},
        Case{"sim/a.cpp", "#include \"memmgr/problem.h\"\n",
             "sim/a.cpp:1: memmgr/problem.h: sim may not include memmgr"},
        Case{"report/a.cpp", "#include \"flow/pipeline.h\"\n",
             "report/a.cpp:1: flow/pipeline.h: report may not include flow"},
        Case{"report/a.cpp", "#include \"memmgr/problem.h\"\n", ""},
        Case{"memmgr/exact/a.h", "#include \"memmgr/placement/placement.h\"\n", ""},
        Case{"memmgr/exact/a.h", "#include \"memmgr/planners/registry.h\"\n",
             "memmgr/exact/a.h:1: memmgr/planners/registry.h: memmgr/exact may not include "
             "memmgr/planners"},
        Case{"memmgr/plan.h", "#include \"memmgr/planners/options.h\"\n",
             "memmgr/plan.h:1: memmgr/planners/options.h: memmgr may not include memmgr/planners"},
        Case{"memmgr/attic/a.h", "#include \"memmgr/problem.h\"\n",
             "memmgr/attic/a.h:1: memmgr/problem.h: memmgr/attic is no room of memmgr"},
        Case{"isa/a.cpp", "#include \"tests/x.h\"\n", "isa/a.cpp:1: tests/x.h: tests is no layer"},
        Case{"sim/a.cpp", "#include <systemc>\n", ""},
        Case{"isa/a.cpp", "#include <tlm.h>\n",
             "isa/a.cpp:1: tlm.h: SystemC is for sim's sources only"},
        Case{"text/yaml.cpp", "#include <yaml-cpp/yaml.h>\n", ""},
        Case{"configs/machine.cpp", "#include <yaml-cpp/yaml.h>\n",
             "configs/machine.cpp:1: yaml-cpp/yaml.h: yaml-cpp is for text/yaml.cpp only"},
        Case{"cli/a.cpp", "#include <boost/program_options.hpp>\n", ""},
        Case{"report/a.cpp", "#include <boost/any.hpp>\n",
             "report/a.cpp:1: boost/any.hpp: Boost is for cli only"},
        Case{"compiler/row_bound.cpp", "#include <boost/graph/adjacency_list.hpp>\n", ""},
        Case{"compiler/a.cpp", "#include <boost/graph/adjacency_list.hpp>\n",
             "compiler/a.cpp:1: boost/graph/adjacency_list.hpp: Boost.Graph is for "
             "compiler/row_bound.cpp only"}));

TEST(Layering, a_circle_within_a_folder_with_rooms_is_named_at_each_of_its_includes) {
  std::vector<Include> includes = includes_of("memmgr/a.cpp", "#include \"memmgr/b.h\"\n");
  const auto more = includes_of("memmgr/b.h", "#include \"memmgr/c.h\"\n");
  includes.insert(includes.end(), more.begin(), more.end());
  EXPECT_TRUE(breaches(includes).empty());
  const auto back = includes_of("memmgr/c.cpp", "#include \"memmgr/a.h\"\n");
  includes.insert(includes.end(), back.begin(), back.end());
  EXPECT_EQ(breaches(includes),
            (std::vector<std::string>{"memmgr/a.cpp:1: memmgr/b.h: includes memmgr/a in turn",
                                      "memmgr/b.h:1: memmgr/c.h: includes memmgr/b in turn",
                                      "memmgr/c.cpp:1: memmgr/a.h: includes memmgr/c in turn"}));
}

TEST(Layering, a_header_that_reaches_systemc_is_private_to_sim) {
  std::vector<Include> includes = includes_of("sim/module.h", "#include <systemc>\n");
  const auto add = [&](const char* path, const char* text) {
    const auto more = includes_of(path, text);
    includes.insert(includes.end(), more.begin(), more.end());
  };
  add("sim/chip.h", "#include \"sim/module.h\"\n");
  add("sim/simulate.cpp", "#include \"sim/chip.h\"\n");
  EXPECT_TRUE(breaches(includes).empty());
  add("cli/a.cpp", "#include \"sim/chip.h\"\n");
  EXPECT_EQ(breaches(includes), std::vector<std::string>{
                                    "cli/a.cpp:1: sim/chip.h: sim/chip.h brings SystemC into cli"});
}

}  // namespace
}  // namespace unna::layering
