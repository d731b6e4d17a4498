#pragma once

// Reads ONNX models (opsets 6 to 23, IR 3 and later) into graphs. docs/workloads.md lists the
// operators. The whole import is total: whatever a file holds, there is a graph or an InputError.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "workloads/graph.h"
#include "workloads/onnx/constant.h"
#include "workloads/onnx/host.h"
#include "workloads/states.h"

namespace unna {

/// A tensor with its elements: of a model's constants, or of a TensorProto file.
using OnnxTensor = onnx_import::Constant;

struct OnnxOptions {
  /// Shapes of inputs by name: needed for those with dynamic dimensions.
  std::map<std::string, Shape, std::less<>> input_shapes;
  /// Sizes of dimensions that the model names, for all inputs that have them; of a YAML network,
  /// values of its params.
  std::map<std::string, std::int64_t, std::less<>> dims;
  /// Inputs that become constants of the model: shapes, axes, weights that a model takes as inputs.
  std::map<std::string, OnnxTensor, std::less<>> constants;
  /// Outputs may be constant: they are in OnnxImport::constants then, and where all of them are,
  /// the graph is empty. Otherwise such an output is an error.
  bool constant_outputs = false;
  /// Rewrites what exporters decompose: x * sigmoid(x), GELU by erf, layer norm, ...
  bool fuse = true;
  /// Results at which to stop, by name; empty: the model's outputs.
  std::vector<std::string> outputs;
  StateOptions states;
  /// Operators of foreign domains that are named as ONNX's own are taken for these.
  bool assume_standard = false;
  /// Computes operators on constants, and the host's parts, where the importer itself can't.
  onnx_import::GraphExecutor execute = {};
  /// Whether libonnx's checker has a say too, in a child process.
  bool check = true;
};

/// What of a model is the host's, and how the machine's part is tied to it.
struct OnnxHost {
  struct Input {
    std::string name;
    onnx_import::ElementKind kind = onnx_import::ElementKind::real;
    Shape dims;
  };
  std::vector<Input> inputs;               ///< of the model, without those that are constants
  onnx_import::HostProgram before, after;  ///< what the host computes (workloads/onnx/host.h)
  std::vector<std::string> outputs;        ///< outputs that one of these makes
  /// Inputs of the graph that `before` makes, and what it calls them; others have the names of the
  /// model's inputs.
  std::map<std::string, std::string> graph_inputs;
  /// Results of the machine, by the model's names: outputs, and what `after` reads.
  std::map<std::string, std::string> graph_outputs;
};

struct OnnxImport {
  Graph graph;
  std::vector<std::string> notes;  ///< what the user should know, a line each
  /// Elements of all real constants that the file's operators read, also of those that became
  /// attributes (the bounds of a Clip, say), which total_params() of the graph does not count.
  std::int64_t parameters = 0;
  std::map<std::string, OnnxTensor> constants;  ///< outputs that depend on no input
  std::string hash;  ///< hash_hex() of the file's bytes, by load_network()
  OnnxHost host;
};

/// What stands in a model, before it is imported.
struct OnnxSignature {
  struct Input {
    std::string name;
    onnx_import::ElementKind kind = onnx_import::ElementKind::real;
    std::vector<std::string> dim_names = {};  ///< of dynamic dimensions, or empty; one a dimension
  };
  std::vector<Input> inputs;  ///< without those that have initializers
  std::vector<std::string> outputs;
  std::vector<onnx_import::ElementKind> output_kinds;
  std::vector<std::string> operators;  ///< of each node
};
/// Throws InputError.
OnnxSignature onnx_signature(std::string_view bytes, const std::filesystem::path& file);

/// Reads a serialised TensorProto (`.pb`). Throws InputError.
OnnxTensor load_onnx_tensor(const std::filesystem::path& file);

/// Throws InputError. One error lists everything in the file that is not supported.
OnnxImport import_onnx(const std::filesystem::path& file, const OnnxOptions& options = {});

/// The same for bytes in memory; `file` gives the network its name, and says where external weights
/// are looked up.
OnnxImport parse_onnx(std::string_view bytes, const std::filesystem::path& file,
                      const OnnxOptions& options = {});

/// Whether a file is a model rather than a network in YAML: by its name or its first byte.
bool is_onnx(const std::filesystem::path& file, std::string_view bytes);

/// A file of either kind, told apart by its name (.onnx) or else its content; YAML networks have no
/// notes, and of the options take states, and dimensions as values of their params.
OnnxImport load_network(const std::filesystem::path& file, const OnnxOptions& options = {});

/// `1x3x224x224`; throws InputError.
Shape parse_shape(std::string_view text);

}  // namespace unna
