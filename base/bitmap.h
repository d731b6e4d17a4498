#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace unna {

/// A set of the numbers [0, size): a bit each.
class Bitmap {
 public:
  explicit Bitmap(std::int64_t size = 0) : size_(size), words_((index(size) + 63) / 64) {}

  std::int64_t size() const { return size_; }
  bool operator[](std::int64_t i) const {
    return (words_[index(i) / 64] >> (index(i) % 64) & 1) != 0;
  }
  void insert(std::int64_t i) { words_[index(i) / 64] |= std::uint64_t{1} << (index(i) % 64); }
  std::int64_t count() const {
    std::int64_t sum = 0;
    for (const std::uint64_t word : words_) sum += std::popcount(word);
    return sum;
  }
  /// 64 numbers each, the least one in the lowest bit.
  std::span<const std::uint64_t> words() const { return words_; }

  friend bool operator==(const Bitmap&, const Bitmap&) = default;

 private:
  static std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

  std::int64_t size_;
  std::vector<std::uint64_t> words_;
};

}  // namespace unna
