#pragma once

// What exporters decompose is put together again: SiLU, hard swish, GELU by erf, layer norm.

#include "workloads/onnx/draft.h"

namespace unna::onnx_import {

/// Rewrites the last operator of each occurrence; what it no longer reads falls away.
void fuse_patterns(Draft& draft);

}  // namespace unna::onnx_import
