// Built with -O3, -fwrapv (accumulators wrap around) and -ffp-contract=off (no fused
// multiply-adds), see CMakeLists.txt.

#include "sim/products.h"

#include <array>

#include "base/target_clones.h"

namespace unna {
namespace {

constexpr std::int64_t kLanes = 16;
constexpr std::size_t kOutputs = 4;  ///< outputs that share each load of an input

template <class T, class Sum, std::size_t N>
[[gnu::always_inline]] inline void whole_products(std::span<const Stretch<T>> stretches,
                                                  const T* weights, std::int64_t pitch, Sum* sums) {
  std::array<Sum, N> total{};
  for (const Stretch<T>& s : stretches) {
    const T* w = weights + s.weight;
    std::array<Sum, N> sum{};
    for (std::int64_t i = 0; i < s.length; ++i)
      for (std::size_t o = 0; o < N; ++o)
        sum[o] += static_cast<Sum>(s.in[i] * w[static_cast<std::int64_t>(o) * pitch + i]);
    for (std::size_t o = 0; o < N; ++o) total[o] += sum[o];
  }
  for (std::size_t o = 0; o < N; ++o) sums[o] = total[o];
}

template <class T, class Sum>
[[gnu::always_inline]] inline void all_whole(std::span<const Stretch<T>> stretches,
                                             const T* weights, std::int64_t pitch,
                                             std::span<Sum> sums) {
  std::size_t o = 0;
  for (; o + kOutputs <= sums.size(); o += kOutputs)
    whole_products<T, Sum, kOutputs>(stretches, weights + static_cast<std::int64_t>(o) * pitch,
                                     pitch, &sums[o]);
  for (; o < sums.size(); ++o)
    whole_products<T, Sum, 1>(stretches, weights + static_cast<std::int64_t>(o) * pitch, pitch,
                              &sums[o]);
}

[[gnu::always_inline]] inline float tree(std::array<float, kLanes>& lanes) {
  for (std::size_t n = kLanes / 2; n > 0; n /= 2)
    for (std::size_t i = 0; i < n; ++i) lanes[i] += lanes[i + n];
  return lanes[0];
}

[[gnu::always_inline]] inline float one_float(std::span<const Stretch<float>> stretches,
                                              const float* weights) {
  std::array<float, kLanes> lanes{};
  for (const Stretch<float>& s : stretches) {
    const float* w = weights + s.weight;
    std::int64_t i = 0;
    for (; i + kLanes <= s.length; i += kLanes)
      for (std::size_t l = 0; l < kLanes; ++l)
        lanes[l] += s.in[i + static_cast<std::int64_t>(l)] * w[i + static_cast<std::int64_t>(l)];
    for (std::size_t l = 0; i < s.length; ++i, ++l) lanes[l] += s.in[i] * w[i];
  }
  return tree(lanes);
}

template <class T, class Sum>
void indexed_whole(const T* in, std::span<const std::int64_t> begin,
                   std::span<const std::int64_t> positions, const T* weights, std::span<Sum> sums) {
  for (std::size_t o = 0; o < sums.size(); ++o) {
    Sum sum = 0;
    for (auto e = static_cast<std::size_t>(begin[o]); e < static_cast<std::size_t>(begin[o + 1]);
         ++e)
      sum += static_cast<Sum>(in[positions[e]] * weights[e]);
    sums[o] = sum;
  }
}

template <class T, class Sum>
[[gnu::always_inline]] inline void add_all(const T* a, const T* b, std::span<Sum> sums) {
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<Sum>(a[i] * b[i]);
}

}  // namespace

UNNA_FOR_HOSTS void products(std::span<const Stretch<float>> stretches, const float* weights,
                             std::int64_t pitch, std::span<float> sums) {
  for (std::size_t o = 0; o < sums.size(); ++o)
    sums[o] = one_float(stretches, weights + static_cast<std::int64_t>(o) * pitch);
}
UNNA_FOR_HOSTS void products(std::span<const Stretch<std::int16_t>> stretches,
                             const std::int16_t* weights, std::int64_t pitch,
                             std::span<std::int32_t> sums) {
  all_whole(stretches, weights, pitch, sums);
}
UNNA_FOR_HOSTS void products(std::span<const Stretch<std::int16_t>> stretches,
                             const std::int16_t* weights, std::int64_t pitch,
                             std::span<std::int64_t> sums) {
  all_whole(stretches, weights, pitch, sums);
}

void indexed_products(const float* in, std::span<const std::int64_t> begin,
                      std::span<const std::int64_t> positions, const float* weights,
                      std::span<float> sums) {
  for (std::size_t o = 0; o < sums.size(); ++o) {
    std::array<float, kLanes> lanes{};
    std::size_t lane = 0;
    for (auto e = static_cast<std::size_t>(begin[o]); e < static_cast<std::size_t>(begin[o + 1]);
         ++e, lane = (lane + 1) % kLanes)
      lanes[lane] += in[positions[e]] * weights[e];
    sums[o] = tree(lanes);
  }
}
void indexed_products(const std::int16_t* in, std::span<const std::int64_t> begin,
                      std::span<const std::int64_t> positions, const std::int16_t* weights,
                      std::span<std::int32_t> sums) {
  indexed_whole(in, begin, positions, weights, sums);
}
void indexed_products(const std::int16_t* in, std::span<const std::int64_t> begin,
                      std::span<const std::int64_t> positions, const std::int16_t* weights,
                      std::span<std::int64_t> sums) {
  indexed_whole(in, begin, positions, weights, sums);
}

UNNA_FOR_HOSTS void add_products(const float* a, const float* b, std::span<float> sums) {
  add_all(a, b, sums);
}
UNNA_FOR_HOSTS void add_products(const std::int16_t* a, const std::int16_t* b,
                                 std::span<std::int32_t> sums) {
  add_all(a, b, sums);
}
UNNA_FOR_HOSTS void add_products(const std::int16_t* a, const std::int16_t* b,
                                 std::span<std::int64_t> sums) {
  add_all(a, b, sums);
}

}  // namespace unna
