#include "workloads/onnx/import.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file.h"
#include "text/numbers.h"
#include "text/yaml.h"
#include "workloads/onnx/importer.h"

namespace unna {
OnnxImport parse_onnx(std::string_view bytes, const std::filesystem::path& file,
                      const OnnxOptions& options) {
  try {
    using onnx_import::Importer;
    const onnx_import::Model model = onnx_import::read_model(bytes, file);
    if (auto import = Importer(model, file, options, Importer::Early::host).run())
      return std::move(*import);
    return *Importer(model, file, options, Importer::Early::machine).run();
  } catch (const InputError& error) {
    // Names of the file may have line ends in them.
    throw InputError(onnx_import::printable(error.what()));
  }
}

OnnxImport import_onnx(const std::filesystem::path& file, const OnnxOptions& options) {
  return parse_onnx(read_file(file), file, options);
}

/// A serialised model starts with its IR version, field 1, which no text does.
bool is_onnx(const std::filesystem::path& file, std::string_view bytes) {
  return file.extension() == ".onnx" || bytes.starts_with('\x08');
}

OnnxImport load_network(const std::filesystem::path& file, const OnnxOptions& options) {
  const std::string bytes = read_file(file);
  if (is_onnx(file, bytes)) {
    OnnxImport network = parse_onnx(bytes, file, options);
    network.hash = hash_hex(bytes);
    return network;
  }
  if (!options.input_shapes.empty())
    throw InputError(SourcePos{file.string()}, "has its shapes, expected no --input-shape");
  if (!options.outputs.empty())
    throw InputError(SourcePos{file.string()}, "has its outputs, expected no --outputs");
  OnnxImport network;
  network.graph = parse_workload(bytes, file.string(), options.dims);
  pair_states(network.graph, {}, {options.states.pairs, std::nullopt}, SourcePos{file.string()});
  network.hash = hash_hex(bytes);
  return network;
}

OnnxSignature onnx_signature(std::string_view bytes, const std::filesystem::path& file) {
  const onnx_import::Model model = onnx_import::read_model(bytes, file);
  OnnxSignature signature;
  for (const onnx_import::ValueInfo& input : model.inputs)
    signature.inputs.push_back({input.name, input.kind, input.dim_names});
  signature.outputs = model.outputs;
  signature.output_kinds = model.output_kinds;
  for (const onnx_import::Node& node : model.nodes) signature.operators.push_back(node.op);
  return signature;
}

OnnxTensor load_onnx_tensor(const std::filesystem::path& file) {
  return onnx_import::read_tensor(read_file(file), file);
}

Shape parse_shape(std::string_view text) {
  Shape shape;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('x', at), text.size());
    std::int64_t dim = 0;
    if (!parse_integer(text.substr(at, end - at), dim) || dim < 0 || dim > kMaxDimension)
      throw InputError(fmt::format("'{}' is no shape, expected one like 1x3x224x224", text));
    shape.push_back(dim);
    at = end + 1;
  }
  return shape;
}

}  // namespace unna
