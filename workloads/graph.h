#pragma once

// A network: operators over tensors, in the logical order of ONNX (feature maps are N,C,H,W). Where
// a tensor's elements stand in DRAM is the compiler's decision, not the graph's.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bitmap.h"
#include "base/error.h"
#include "base/id.h"
#include "base/units.h"
#include "numbers/quantised.h"

namespace unna {

using Shape = std::vector<std::int64_t>;
struct Pruning;
struct WeightGroups;
struct GroupFormat;

std::int64_t element_count(const Shape& shape);  ///< saturates at the largest std::int64_t
std::string to_string(const Shape& shape);       ///< "1x64x56x56"

enum class TensorKind : std::uint8_t { input, weight, activation };

/// How a model that comes quantised to 8 bits has a tensor's values: as an int8 machine holds them,
/// so that numbers and zero points of unsigned types are less by 128.
struct ModelSteps {
  std::vector<float> scales;  ///< one, or one for each element of a weight's outermost dimension
  std::int32_t zero = 0;

  /// Where there is one scale.
  std::optional<Quantisation> single() const;
  friend bool operator==(const ModelSteps&, const ModelSteps&) = default;
};

struct GraphTensor {
  std::string name;  ///< unique in the graph
  TensorKind kind = TensorKind::activation;
  Shape shape;
  std::optional<OpId> producer;  ///< none for inputs and weights
  std::vector<OpId> consumers;   ///< ascending, each once
  bool is_output = false;        ///< read after the program ends
  /// Of a weight: its elements, row-major; null where only the shape is known.
  std::shared_ptr<const std::vector<float>> values;
  /// Of a weight with pruned elements: those that are left, row-major; null: all. Pruned ones are
  /// zero, whatever their values are (workloads/sparsity.h).
  std::shared_ptr<const Bitmap> kept;
  /// None where the model does not say.
  std::shared_ptr<const ModelSteps> steps = nullptr;
  /// Of a weight that the network has in few bits (workloads/weight_groups.h); null: others.
  std::shared_ptr<const WeightGroups> groups = nullptr;
  /// int8: what its numbers stand for; none where nobody has calibrated it.
  std::optional<Quantisation> quantisation = std::nullopt;

  std::int64_t elements() const { return element_count(shape); }
};

/// Operators. Inputs are listed as (activations | weights); every op has one output unless said.
enum class OpKind : std::uint8_t {
  conv,      ///< x[N,C,H,W], w[Co,C/groups,kh,kw], (b[Co]) -> [N,Co,H',W']; depthwise is groups=C
  gemm,      ///< x[M,K], w[N,K], (b[N]) -> [M,N]; also x[...,K] -> [...,N]
  matmul,    ///< a[...,M,K], b[...,K,N] (or [...,N,K] with transpose_b) -> [...,M,N]; scaled
  max_pool,  ///< x[N,C,H,W]
  avg_pool,  ///< x[N,C,H,W]
  global_avg_pool,  ///< x[N,C,H,W] -> [N,C,1,1]
  unary,            ///< function of each element
  binary,           ///< function of two elements, with (multidirectional) broadcast
  softmax,          ///< along the last axis
  layer_norm,       ///< x, gamma[C], beta[C]: along the last axis
  batch_norm,       ///< x[N,C,...], scale[C], bias[C], mean[C], variance[C]
  lrn,              ///< x[N,C,H,W], across channels
  reduce,           ///< mean, sum or max over `axes`
  concat,           ///< along `axis`, any number of inputs
  split,            ///< along `axis`, several outputs
  slice,            ///< starts, ends (exclusive), steps, one a dimension
  reshape,          ///< also flatten, squeeze, unsqueeze: `shape` of the output
  transpose,        ///< output dimension i is input dimension perm[i]
  pad,              ///< constant zero: before and after, one a dimension
  resize,           ///< x[N,C,H,W] to a given height and width
  lstm,         ///< x[T,N,I], w[D,4H,I], r[D,4H,H], b[D,8H], (h0[D,N,H], c0[D,N,H]) -> [T,D,N,H]
  log_softmax,  ///< along the last axis
  gather,       ///< elements `indices` of x along `axis`
};
std::string_view name(OpKind kind);
inline constexpr std::size_t kOpKinds = 23;
std::span<const std::string_view> op_kind_names();  ///< indexed by OpKind

/// Scalar functions of unary and binary operators and of fused activations. The compiler maps them
/// to the ISA's.
enum class ScalarFn : std::uint8_t {
  identity,
  relu,
  clip,
  leaky_relu,
  sigmoid,
  tanh,
  hard_sigmoid,
  hard_swish,
  gelu,
  silu,
  exp,
  sqrt,
  reciprocal,
  erf,
  pow,
  log,
  abs,
  neg,
  round,  ///< to the nearest multiple of alpha, halves to the even one
  add,
  sub,
  mul,
  div,
  max,
  min,
};
std::string_view name(ScalarFn fn);
std::span<const std::string_view> scalar_fn_names();  ///< indexed by ScalarFn
/// Whether `fn` takes one operand (unary ops, activations) rather than two.
constexpr bool is_unary(ScalarFn fn) {
  return fn < ScalarFn::add;
}

struct WindowAttrs {
  std::int64_t kernel_h = 1, kernel_w = 1;
  std::int64_t stride_h = 1, stride_w = 1;
  std::int64_t dilation_h = 1, dilation_w = 1;
  std::int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
};
struct ConvAttrs {
  WindowAttrs window;
  std::int64_t groups = 1;
};
struct PoolAttrs {
  WindowAttrs window;
  bool ceil_mode = false;
  bool count_include_pad = false;  ///< avg_pool only
};
struct MatmulAttrs {
  bool transpose_b = false;
  double scale = 1;
};
struct FunctionAttrs {
  ScalarFn fn = ScalarFn::identity;
  /// clip: lowest, highest; leaky_relu: slope; pow: exponent; round: step; hard_sigmoid: slope,
  /// offset (hard_swish is x * hard_sigmoid(x) with 1/6 and 1/2); unused by the others.
  double alpha = 0, beta = 0;
};
struct NormAttrs {  ///< layer_norm, batch_norm
  double epsilon = 1e-5;
};
struct LrnAttrs {
  std::int64_t size = 5;
  double alpha = 1e-4, beta = 0.75, bias = 1;
};
enum class ReduceFn : std::uint8_t { mean, sum, max };
struct ReduceAttrs {
  ReduceFn fn = ReduceFn::mean;
  std::vector<std::int64_t> axes;  ///< ascending, non-negative
  bool keep_dims = true;
};
struct AxisAttrs {  ///< concat, split
  std::int64_t axis = 0;
  std::vector<std::int64_t> sizes = {};  ///< split only: of each output along the axis
};
struct SliceAttrs {
  std::vector<std::int64_t> starts, ends, steps;  ///< one a dimension, steps > 0
};
struct ReshapeAttrs {
  Shape shape;  ///< of the output, all dimensions known
};
struct TransposeAttrs {
  std::vector<std::int64_t> perm;
};
struct PadAttrs {
  std::vector<std::int64_t> before, after;  ///< one a dimension
};
enum class ResizeMode : std::uint8_t { nearest, bilinear };
struct ResizeAttrs {
  ResizeMode mode = ResizeMode::nearest;
  bool align_corners = false;  ///< otherwise half-pixel centres (bilinear) or asymmetric (nearest)
  std::int64_t height = 0, width = 0;  ///< of the output
};
struct LstmAttrs {
  std::int64_t hidden = 0;
  bool bidirectional = false;
};

struct GatherAttrs {
  std::int64_t axis = 0;
  std::vector<std::int64_t> indices;
  bool keep_axis = true;  ///< otherwise there is one index, and the axis goes
};

using OpAttrs =
    std::variant<std::monostate, ConvAttrs, PoolAttrs, MatmulAttrs, FunctionAttrs, NormAttrs,
                 LrnAttrs, ReduceAttrs, AxisAttrs, SliceAttrs, TransposeAttrs, PadAttrs,
                 ResizeAttrs, LstmAttrs, ReshapeAttrs, GatherAttrs>;

struct GraphOp {
  std::string name;  ///< unique in the graph
  OpKind kind = OpKind::unary;
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
  OpAttrs attrs;
  SourcePos pos;  ///< where it was written, for messages
  /// int8: scales of what it computes in between (InnerValue); empty where nobody has calibrated
  /// it.
  std::vector<float> inner_scales = {};

  template <class T>
  const T& as() const {
    return std::get<T>(attrs);
  }
};

/// Values inside of operators that are executed as several, indices into GraphOp::inner_scales:
/// batch_norm (where it is not folded), lstm and log_softmax.
enum class InnerValue : std::uint8_t {
  norm_factor = 0,
  norm_product,
  norm_shift,
  lstm_input_gates = 0,
  lstm_output_gates,
  lstm_gates,
  lstm_state,
  log_softmax_below = 0,  ///< x - max
  log_softmax_powers,
  log_softmax_sum,
  log_softmax_log,
};
inline constexpr std::size_t kInnerValues = 4;  ///< at most, of an operator

/// A tensor that outlives a run and grows in each: `present` is what earlier runs have left, with
/// new rows behind it. Both are the first rows of one place in memory that has room for `capacity`
/// of them, so that a run writes its new rows only.
struct GraphState {
  std::optional<TensorId> past;  ///< an input; none: there is nothing yet
  TensorId present;              ///< an output: a concat of `past` and the new rows
  std::size_t axis = 0;          ///< along which it grows
  std::int64_t capacity = 0;     ///< the largest extent along it
};

/// Operators in a topological order; ids are positions.
struct Graph {
  std::string name;
  std::vector<GraphTensor> tensors;
  std::vector<GraphOp> ops;
  std::vector<GraphState> states = {};  ///< ascending by `present`

  const GraphTensor& tensor(TensorId id) const { return tensors[id.index()]; }
  const GraphOp& op(OpId id) const { return ops[id.index()]; }
};

/// Multiply-accumulates of one operator: conv, gemm, matmul, lstm (its matrix products); others 0.
Macs macs(const Graph& graph, const GraphOp& op);
Macs total_macs(const Graph& graph);
/// Elements of all weight tensors.
std::int64_t total_params(const Graph& graph);
/// Bytes of all activations that are not graph outputs, `element` bytes an element.
Bytes total_intermediate_bytes(const Graph& graph, Bytes element);

/// Output shapes of `op` given its inputs' shapes; throws InputError at op.pos where they do not
/// fit its kind and attributes. Windows follow PyTorch: with ceil_mode, a last window that would
/// start in the padding behind the data is dropped.
std::vector<Shape> infer_shapes(const GraphOp& op, const std::vector<Shape>& inputs);

/// Largest dimension and element count of a tensor; beyond them the builder throws InputError.
inline constexpr std::int64_t kMaxDimension = (std::int64_t{1} << 31) - 1;
inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 40;

/// Appends tensors and ops in topological order and infers shapes. The one way to make a Graph.
/// Throws InputError for a name that is already taken.
class GraphBuilder {
 public:
  explicit GraphBuilder(std::string name);

  TensorId input(const std::string& name, const Shape& shape, const SourcePos& pos = {});
  /// `values`: as in GraphTensor; InternalError where they are not as many as the shape says.
  TensorId weight(const std::string& name, const Shape& shape, const SourcePos& pos = {},
                  std::shared_ptr<const std::vector<float>> values = nullptr);
  /// Names an op's outputs `name` (one output) or `name.0`, `name.1`, ... (split).
  /// `target` is a short way to say ReshapeAttrs::shape (one dimension may be -1: whatever is
  /// left), ResizeAttrs::height and width, and AxisAttrs::sizes of a split.
  std::vector<TensorId> op(OpKind kind, const std::string& name, std::vector<TensorId> inputs,
                           OpAttrs attrs, const SourcePos& pos = {},
                           const std::vector<std::int64_t>& target = {});
  void mark_output(TensorId tensor);
  void set_steps(TensorId tensor, std::shared_ptr<const ModelSteps> steps);
  /// Makes the result of a concat a state, and an output; its first part is what earlier runs have
  /// left, if that is an input. Throws InputError where it is no concat or has no room.
  void state(TensorId present, std::int64_t capacity, const SourcePos& pos = {});
  void set_groups(TensorId weight, std::shared_ptr<const WeightGroups> groups);
  /// Gives those of the op that was added last a format of few bits (workloads/weight_groups.h).
  void set_weight_format(const GroupFormat& format);
  /// Prunes the synapses of the op that was added last (workloads/sparsity.h).
  void prune(const Pruning& pruning);
  const GraphTensor& tensor(TensorId id) const { return graph_.tensor(id); }

  /// Removes nothing; throws InputError where an activation is neither read nor an output, or where
  /// there is no output.
  Graph finish();

 private:
  TensorId add_tensor(SourcePos pos, GraphTensor tensor);

  Graph graph_;
  std::set<std::string, std::less<>> op_names_, tensor_names_;
};

/// An operator's attributes as ` key=value` pairs in a fixed order, without those that its output's
/// shape says.
std::string attributes_text(const GraphOp& op);

/// Text dump: a line an operator with shapes and attributes (`--dump=graph`).
std::string dump_graph(const Graph& graph);

/// Loads our YAML network language (docs/workloads.md). Throws InputError at line and column.
/// `params` are values for those of the file, instead of its own.
using NetworkParams = std::map<std::string, std::int64_t, std::less<>>;
Graph load_workload(const std::filesystem::path& path, const NetworkParams& params = {});
Graph parse_workload(const std::string& yaml, const std::string& file,
                     const NetworkParams& params = {});
/// Names of the params that a file of that language has. Throws InputError.
std::vector<std::string> workload_params(const std::string& yaml, const std::string& file);

}  // namespace unna
