#pragma once

// Sums of products: where functional simulation spends its time. The order of the additions is
// fixed, so that every host gets the same bits: whole numbers wrap around, floating-point products
// go to 16 partial sums by position, which a tree adds up (the adder tree of a PE).

#include <cstdint>
#include <span>

namespace unna {

/// A stretch of inputs that meets a stretch of each output's synapses.
template <class T>
struct Stretch {
  const T* in = nullptr;
  std::int64_t weight = 0;  ///< index of the first synapse within those of an output
  std::int64_t length = 0;
};

// sums[o] = sum over all stretches of in * weights[o * pitch + ...].
void products(std::span<const Stretch<float>> stretches, const float* weights, std::int64_t pitch,
              std::span<float> sums);
void products(std::span<const Stretch<std::int16_t>> stretches, const std::int16_t* weights,
              std::int64_t pitch, std::span<std::int32_t> sums);
void products(std::span<const Stretch<std::int16_t>> stretches, const std::int16_t* weights,
              std::int64_t pitch, std::span<std::int64_t> sums);

// Step-indexed synapses: sums[o] = sum over the entries e of output o, [begin[o], begin[o + 1]), of
// in[positions[e]] * weights[e].
void indexed_products(const float* in, std::span<const std::int64_t> begin,
                      std::span<const std::int64_t> positions, const float* weights,
                      std::span<float> sums);
void indexed_products(const std::int16_t* in, std::span<const std::int64_t> begin,
                      std::span<const std::int64_t> positions, const std::int16_t* weights,
                      std::span<std::int32_t> sums);
void indexed_products(const std::int16_t* in, std::span<const std::int64_t> begin,
                      std::span<const std::int64_t> positions, const std::int16_t* weights,
                      std::span<std::int64_t> sums);

// sums[i] += a[i] * b[i].
void add_products(const float* a, const float* b, std::span<float> sums);
void add_products(const std::int16_t* a, const std::int16_t* b, std::span<std::int32_t> sums);
void add_products(const std::int16_t* a, const std::int16_t* b, std::span<std::int64_t> sums);

}  // namespace unna
