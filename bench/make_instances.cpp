// make_instances DIRECTORY FIRST_SEED LAST_SEED: writes perfect packings and network-like lifetimes
// of those seeds as CSV files.

#include <fmt/format.h>

#include <cstdlib>

#include "base/file.h"
#include "base/rng.h"
#include "bench/instances.h"

namespace unna::bench {
namespace {

PerfectPacking packing_of(std::uint64_t seed) {
  Rng rng(seed);
  constexpr std::int64_t kHorizons[] = {60, 100, 200, 400, 1000};
  constexpr Bytes kUnits[] = {1, 512, 4096, 16384};
  PerfectPacking kind;
  kind.seed = seed;
  kind.count = 120 + rng.below(121);
  kind.horizon = kHorizons[rng.below(std::size(kHorizons))];
  kind.unit = kUnits[rng.below(std::size(kUnits))];
  kind.pinwheel_percent = 15 * rng.below(3);
  return kind;
}

void write(const std::string& directory, std::uint64_t first, std::uint64_t last) {
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
