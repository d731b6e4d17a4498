#pragma once

// Fixed-point numbers as the machine computes with them (docs/functional.md, "Fixed point"): what a
// rounding, a saturation, a multiplication with a constant and a table are. Whoever computes in
// fixed point takes them from here; what is computed is everybody's own business.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace unna {

/// value * 2^-shift, to the nearest integer, halves up. shift >= 0.
constexpr std::int64_t round_shift(std::int64_t value, int shift) {
  if (shift == 0) return value;
  return (value >> shift) + ((value >> (shift - 1)) & 1);
}
/// numerator / denominator to the nearest integer, halves up; denominator > 0.
std::int64_t round_divide(std::int64_t numerator, std::int64_t denominator);

/// A number q stands for q * 2^-fraction.
struct FixedFormat {
  int bits = 16;  ///< of a neuron or synapse, two's complement
  int fraction = 8;
  int table_bits = 4;  ///< 2^table_bits segments an octave of an interpolation table

  std::int64_t highest() const { return (std::int64_t{1} << (bits - 1)) - 1; }
  std::int64_t lowest() const { return -highest() - 1; }
  std::int64_t saturate(std::int64_t value) const {
    return value > highest() ? highest() : value < lowest() ? lowest() : value;
  }
  /// Nearest, halves up, saturated; a NaN is 0.
  std::int64_t quantise(double value) const;
  double value(std::int64_t q) const;
  /// Quotient of two numbers, to the nearest, halves up, saturated; x / 0 saturates, 0 / 0 is 0.
  std::int64_t divide(std::int64_t a, std::int64_t b) const;
};

/// Nearest integer to value * 2^fraction, halves up, saturated to `bits` bits; a NaN is 0.
std::int64_t quantise(double value, int fraction, int bits);

/// A constant factor: a mantissa of 15 bits and a sign, and a power of two.
struct FixedScale {
  std::int64_t mantissa = 1 << 14;  ///< 2^14 <= |mantissa| <= 2^15, or 0
  int shift = 14;

  static FixedScale of(double factor);
  /// value * factor * 2^-drop, rounded once, halves up; saturates at 64 bits.
  std::int64_t apply(std::int64_t value, int drop = 0) const;
};

/// A function of one argument by linear interpolation. Each octave of the argument's magnitude has
/// 2^table_bits segments of equal length, as a leading-one detector and the next bits address them;
/// arguments below 2^table_bits have a node each. Nodes are rounded to the result's format and
/// saturated at 32 bits (a NaN is 0).
class InterpolationTable {
 public:
  /// Arguments have `in_fraction` fraction bits and less than `in_bits` bits of magnitude.
  InterpolationTable(const std::function<double(double)>& function, int in_bits, int in_fraction,
                     int out_fraction, int table_bits);

  std::int64_t operator()(std::int64_t argument) const;

 private:
  struct Side {
    std::vector<std::int64_t> exact;  ///< of magnitudes below 2^table_bits
    std::vector<std::int64_t> nodes;  ///< 2^table_bits + 1 an octave
  };
  std::int64_t at(const Side& side, std::uint64_t magnitude) const;

  int in_bits_;
  int table_bits_;
  Side positive_, negative_;
};

/// What an operator over rows has found of a row: the largest element and the sum of exponentials,
/// or the sum and the sum of squares; and how many elements it has seen.
struct RowState {
  std::int64_t first = 0, second = 0;
  std::int64_t count = 0;
};

/// Operators over rows of numbers in one format, with what they compute with in between.
class FixedRows {
 public:
  explicit FixedRows(const FixedFormat& format);

  /// softmax(gamma * in).
  void softmax(std::span<const std::int64_t> in, const FixedScale& gamma,
               std::span<std::int64_t> out) const;
  /// The same where the row comes in pieces: its largest element, then the sum of its exponentials,
  /// then its results.
  void find_largest(std::span<const std::int64_t> in, const FixedScale& gamma,
                    RowState& state) const;
  void add_exponentials(std::span<const std::int64_t> in, const FixedScale& gamma,
                        RowState& state) const;
  void softmax(std::span<const std::int64_t> in, const FixedScale& gamma, const RowState& state,
               std::span<std::int64_t> out) const;
  /// (in - mean) / sqrt(variance + epsilon) * gamma + beta; beta has 2 * fraction fraction bits.
  void layer_norm(std::span<const std::int64_t> in, std::span<const std::int64_t> gamma,
                  std::span<const std::int64_t> beta, double epsilon,
                  std::span<std::int64_t> out) const;
  /// The same in pieces: the sum, then the squares of what is left of the mean, then the results.
  void add_elements(std::span<const std::int64_t> in, RowState& state) const;
  void add_squares(std::span<const std::int64_t> in, RowState& state) const;
  void layer_norm(std::span<const std::int64_t> in, std::span<const std::int64_t> gamma,
                  std::span<const std::int64_t> beta, double epsilon, const RowState& state,
                  std::span<std::int64_t> out) const;

 private:
  FixedFormat format_;
  InterpolationTable exponential_, reciprocal_, inverse_root_;
};

/// x / (bias + alpha / size * sum of squares)^beta.
class FixedLrn {
 public:
  FixedLrn(const FixedFormat& format, std::int64_t size, double alpha, double beta, double bias);
  /// `squares` has 2 * fraction fraction bits.
  std::int64_t operator()(std::int64_t x, std::int64_t squares) const;

 private:
  FixedFormat format_;
  FixedScale scale_;
  std::int64_t bias_;
  InterpolationTable power_;
};

}  // namespace unna
