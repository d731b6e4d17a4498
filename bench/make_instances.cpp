// make_instances DIRECTORY FIRST_SEED LAST_SEED: writes perfect packings and network-like lifetimes
// of those seeds as CSV files.

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "bench/instances.h"

namespace unna::bench {
namespace {

void write(const std::string& directory, std::uint64_t first, std::uint64_t last) {
  std::filesystem::create_directories(directory);
  for (std::uint64_t seed = first; seed <= last; ++seed)
    write_file(fmt::format("{}/packing.{}.csv", directory, seed), to_csv(make(packing_of(seed))));
  for (const std::size_t count : {20'000, 60'000, 100'000})
    for (const bool training : {false, true})
      write_file(fmt::format("{}/{}.{}.csv", directory, training ? "training" : "inference", count),
                 to_csv(make(NetworkLike{first, count, training})));
}

}  // namespace
}  // namespace unna::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: make_instances DIRECTORY FIRST_SEED LAST_SEED\n");
    return 2;
  }
  unna::bench::write(argv[1], std::strtoull(argv[2], nullptr, 10),
                     std::strtoull(argv[3], nullptr, 10));
  return 0;
}
