#pragma once

// The host beside the machine: what an ONNX model's importer left to it (workloads/onnx/host.h).

#include <map>
#include <string>

#include "reference/reference.h"
#include "workloads/npy.h"
#include "workloads/onnx/draft.h"
#include "workloads/onnx/import.h"

namespace unna {

/// Runs a graph by the reference executor in double precision: OnnxOptions::execute.
onnx_import::GraphExecutor reference_executor();

/// A file's values as those of an input of that kind.
OnnxTensor onnx_tensor(const TensorFile& file, onnx_import::ElementKind kind);

/// Gives the inputs of `graph` that the host computes their values, where everything is in `given`
/// (by the model's names) that it needs for that; `given` gets all that it computes. Throws
/// InputError where only a part of what is needed is there, or a result has another shape than in
/// the graph.
void run_host_before(const OnnxHost& host, const Graph& graph, onnx_import::HostValues& given,
                     InputValues& inputs);

/// What the host makes of the machine's results, which are `outputs` by the graph's names: these
/// are replaced by the model's outputs. `given` is what run_host_before() left.
void run_host_after(const OnnxHost& host, onnx_import::HostValues given,
                    std::map<std::string, OnnxTensor>& outputs);

}  // namespace unna
