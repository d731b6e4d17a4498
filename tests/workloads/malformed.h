#pragma once

// Tables of malformed network files: each gives one line with the place, the problem and what was
// expected.

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "workloads/graph.h"

namespace unna {

struct MalformedCase {
  std::string name;
  std::string yaml;
  std::string error;
};

inline void PrintTo(const MalformedCase& c, std::ostream* out) {
  *out << c.name;
}

/// A network whose `ops` are the given lines; the first of them is line 4.
inline std::string with_ops(const std::string& ops) {
  return "name: net\ninputs: {x: [1, 4, 8, 8]}\nops:\n" + ops;
}

/// A network of one entry, at 4:5.
inline std::string with_op(const std::string& op) {
  return with_ops("  - " + op + "\n");
}

/// A network of block `b`, whose lines are given (the first is line 5), and one entry.
inline std::string with_block(const std::string& block, const std::string& use) {
  return "name: net\ninputs: {x: [1, 4, 8, 8]}\nblocks:\n  b:\n" + block + "ops:\n  - " + use +
         "\n";
}

inline void expect_refused(const MalformedCase& c) {
  try {
    const Graph graph = parse_workload(c.yaml, "net.yaml");
    FAIL() << "accepted:\n" << dump_graph(graph);
  } catch (const InputError& e) {
    EXPECT_EQ(std::string(e.what()), c.error);
  }
}

inline std::string malformed_name(const testing::TestParamInfo<MalformedCase>& info) {
  return info.param.name;
}

}  // namespace unna
