// Runs a fuzzer's entry point without libFuzzer: on each committed seed, and on seeded mutations of
// it. `replay <corpus> <mutations of each seed>`.

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/rng.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void feed(const std::string& text) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

/// Bytes changed, removed, doubled, or taken from another seed.
std::string mutated(std::string text, const std::string& other, unna::Rng& rng) {
  for (std::uint64_t steps = 1 + rng.below(4); steps > 0 && !text.empty(); --steps) {
    const std::size_t at = rng.below(text.size());
    const std::size_t length = std::min<std::size_t>(1 + rng.below(8), text.size() - at);
    switch (rng.below(4)) {
      case 0:
        text[at] = static_cast<char>(rng.below(256));
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(at, length));
        break;
      default:
        text.replace(at, length, other.substr(std::min<std::size_t>(at, other.size()), length));
    }
  }
  return text;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1]))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  if (files.empty()) return 2;
  std::vector<std::string> seeds;
  for (const auto& file : files) seeds.push_back(unna::read_file(file));
  unna::Rng rng(1);
  std::string text;
  try {
    for (const std::string& seed : seeds) {
      feed(text = seed);
      for (int k = std::stoi(arguments[2]); k > 0; --k)
        feed(text = mutated(seed, seeds[rng.below(seeds.size())], rng));
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\nwith the input\n{}\n", error.what(), text);
    return 1;
  }
  return 0;
}
