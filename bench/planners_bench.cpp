// planners_bench [name]: quality and time of the planners, one thread; only sections whose name
// contains `name`. Run it from the root of the sources.

#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "bench/planner_sections.h"

namespace unna::bench {
namespace {

struct Section {
  std::string_view name;
  std::string_view title;
  void (*run)();
};

constexpr Section kSections[] = {
    {"minimalloc", "MiniMalloc's corpus", minimalloc_section},
    {"packings", "Perfect packings cut at random", packings_section},
    {"published", "Other published instances", published_section},
    {"kinds", "Kinds of instances", kinds_section},
    {"large", "Network-like lifetimes of many buffers", large_section},
    {"tetris", "Tetris: its ideas one by one", tetris_section},
    {"networks", "Shipped networks", networks_section},
};

void run_sections(std::string_view wanted) {
  for (const Section& section : kSections) {
    if (section.name.find(wanted) == std::string_view::npos) continue;
    fmt::print("== {}: {}\n\n", section.name, section.title);
    std::fflush(stdout);
    section.run();
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace unna::bench

int main(int argc, char** argv) {
  try {
    unna::bench::run_sections(argc > 1 ? argv[1] : "");
  } catch (const std::exception& error) {
    fmt::print(stderr, "planners_bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
