#pragma once

// NumPy's .npy files (format 1.0 and 2.0): values of tensors in and out.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/graph.h"

namespace unna {

struct TensorFile {
  Shape shape;
  std::vector<float> values;  ///< row-major
};

/// Little-endian f2, f4, f8, i1, i2, i4, i8, u1, b1 in C order, converted to single precision.
/// Throws InputError("<file>: ...") for anything else.
TensorFile parse_npy(std::string_view bytes, const std::string& file);

/// f4 in C order, format 1.0.
std::string npy_bytes(const TensorFile& tensor);

/// Reads a file of tensor values by its extension; `.npy` is known.
TensorFile load_tensor(const std::filesystem::path& path);

}  // namespace unna
