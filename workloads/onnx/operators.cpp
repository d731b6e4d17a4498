// The operators that can be imported. docs/workloads.md has the same table; a test holds the two
// together.

#include <algorithm>
#include <array>

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {
namespace {

constexpr auto kOperators = std::to_array<OperatorRow>({
    {"Abs", translate_function, "", ""},
    {"Add", translate_arithmetic, "axis broadcast", ""},
    {"Attention", translate_attention,
     "is_causal kv_num_heads q_num_heads qk_matmul_output_mode scale softcap softmax_precision",
     "composed of other functions; present keys and values grow in place"},
    {"AveragePool", translate_pool,
     "auto_pad ceil_mode count_include_pad kernel_shape pads strides", "one or two dimensions"},
    {"BatchNormalization", translate_batch_norm, "epsilon is_test momentum spatial training_mode",
     "for inference"},
    {"BiasGelu", translate_gelu, "", "of ONNX Runtime"},
    {"Cast", translate_cast, "saturate to", "to reals"},
    {"Celu", translate_composed, "alpha", "composed of other functions"},
    {"Clip", translate_clip, "max min", "constant bounds"},
    {"Concat", translate_concat, "axis", ""},
    {"Conv", translate_conv, "auto_pad dilations group kernel_shape pads strides",
     "one or two dimensions; constant weights"},
    {"ConvInteger", translate_conv_integer, "auto_pad dilations group kernel_shape pads strides",
     "constant weights"},
    {"ConvTranspose", translate_conv_transpose,
     "auto_pad dilations group kernel_shape output_padding output_shape pads strides",
     "one or two dimensions; constant weights; a convolution for each phase of the stride, "
     "interleaved"},
    {"DepthToSpace", translate_depth_to_space, "blocksize mode", ""},
    {"DequantizeLinear", translate_dequantize, "axis block_size",
     "of quantised values: the real numbers that they stand for"},
    {"Div", translate_arithmetic, "axis broadcast", ""},
    {"Dropout", translate_identity, "ratio seed", "removed"},
    {"DynamicQuantizeLinear", translate_dynamic_quantize, "",
     "computed values stay what they are, without the steps"},
    {"Einsum", translate_einsum, "equation", "of one or two operands"},
    {"Elu", translate_composed, "alpha", "composed of other functions"},
    {"Erf", translate_function, "", ""},
    {"Exp", translate_function, "", ""},
    {"Expand", translate_expand, "", "to a constant shape"},
    {"FastGelu", translate_gelu, "", "of ONNX Runtime; composed of other functions"},
    {"Flatten", translate_flatten, "axis", ""},
    {"FusedMatMul", translate_fused_matmul, "alpha transA transB transBatchA transBatchB",
     "of ONNX Runtime"},
    {"GRU", translate_recurrent, "direction hidden_size layout linear_before_reset activations",
     "step by step; default activations; no sequence_lens, clip or layout 1"},
    {"Gather", translate_gather, "axis",
     "constant indices; rows of a constant table that an input chooses become an input"},
    {"GatherElements", translate_gather_elements, "axis", "constant indices"},
    {"Gelu", translate_gelu, "approximate", ""},
    {"Gemm", translate_gemm, "alpha beta broadcast transA transB", ""},
    {"GlobalAveragePool", translate_global_average_pool, "", ""},
    {"GlobalMaxPool", translate_global_max_pool, "", ""},
    {"GroupNormalization", translate_group_norm, "epsilon num_groups stash_type",
     "composed of other functions"},
    {"GroupQueryAttention", translate_group_query,
     "do_rotary kv_num_heads local_window_size num_heads rotary_interleaved scale smooth_softmax "
     "softcap",
     "of ONNX Runtime; causal; sequences of equal lengths; present keys and values grow in place"},
    {"HardSigmoid", translate_function, "alpha beta", ""},
    {"HardSwish", translate_function, "", ""},
    {"Identity", translate_identity, "", "removed"},
    {"InstanceNormalization", translate_instance_norm, "epsilon", "composed of other functions"},
    {"LRN", translate_lrn, "alpha beta bias size", "four dimensions"},
    {"LSTM", translate_recurrent, "direction hidden_size input_forget layout activations",
     "as a whole, or step by step where Y_c is read; default activations; no sequence_lens, "
     "peepholes, clip or layout 1"},
    {"LayerNormalization", translate_layer_norm, "axis epsilon stash_type", ""},
    {"LeakyRelu", translate_function, "alpha", ""},
    {"Log", translate_function, "", ""},
    {"LogSoftmax", translate_softmax, "axis", ""},
    {"LpNormalization", translate_lp_norm, "axis p", "composed of other functions"},
    {"MatMul", translate_matmul, "", ""},
    {"MatMulInteger", translate_matmul_integer, "", ""},
    {"MatMulNBits", translate_matmul_nbits, "K N accuracy_level bits block_size",
     "of ONNX Runtime; weights are expanded at import"},
    {"Max", translate_arithmetic, "", ""},
    {"MaxPool", translate_pool,
     "auto_pad ceil_mode dilations kernel_shape pads storage_order strides",
     "one or two dimensions; no indices"},
    {"Mean", translate_arithmetic, "", ""},
    {"MeanVarianceNormalization", translate_mean_variance, "axes", "composed of other functions"},
    {"Min", translate_arithmetic, "", ""},
    {"Mish", translate_composed, "", "composed of other functions"},
    {"Mul", translate_arithmetic, "axis broadcast", ""},
    {"Neg", translate_function, "", ""},
    {"PRelu", translate_prelu, "", "composed of other functions"},
    {"Pad", translate_pad, "mode pads value", "constant pads"},
    {"Pow", translate_pow, "axis broadcast", "a constant exponent"},
    {"QGemm", translate_qgemm, "alpha transA transB", "of ONNX Runtime; constant weights"},
    {"QLinearAdd", translate_qlinear_arithmetic, "", "of ONNX Runtime"},
    {"QLinearAveragePool", translate_qlinear_operator,
     "auto_pad ceil_mode channels_last count_include_pad kernel_shape pads strides",
     "of ONNX Runtime"},
    {"QLinearConcat", translate_qlinear_concat, "axis", "of ONNX Runtime"},
    {"QLinearConv", translate_qlinear_conv, "auto_pad dilations group kernel_shape pads strides",
     "constant weights"},
    {"QLinearGlobalAveragePool", translate_qlinear_operator, "channels_last", "of ONNX Runtime"},
    {"QLinearLeakyRelu", translate_qlinear_operator, "alpha", "of ONNX Runtime"},
    {"QLinearMatMul", translate_qlinear_matmul, "", ""},
    {"QLinearMul", translate_qlinear_arithmetic, "", "of ONNX Runtime"},
    {"QLinearReduceMean", translate_qlinear_operator, "axes keepdims", "of ONNX Runtime"},
    {"QLinearSigmoid", translate_qlinear_operator, "", "of ONNX Runtime"},
    {"QLinearSoftmax", translate_qlinear_operator, "axis opset", "of ONNX Runtime"},
    {"QuantizeLinear", translate_quantize, "axis block_size output_dtype saturate",
     "one scale; rounds to the model's steps"},
    {"QuickGelu", translate_gelu, "alpha", "of ONNX Runtime; composed of other functions"},
    {"RMSNormalization", translate_rms_norm, "axis epsilon stash_type",
     "composed of other functions"},
    {"RNN", translate_recurrent, "direction hidden_size layout activations",
     "step by step; tanh; no sequence_lens, clip or layout 1"},
    {"Reciprocal", translate_function, "", ""},
    {"ReduceL1", translate_reduce, "axes keepdims noop_with_empty_axes",
     "composed of other functions"},
    {"ReduceL2", translate_reduce, "axes keepdims noop_with_empty_axes",
     "composed of other functions"},
    {"ReduceLogSum", translate_reduce, "axes keepdims noop_with_empty_axes",
     "composed of other functions"},
    {"ReduceLogSumExp", translate_reduce, "axes keepdims noop_with_empty_axes",
     "composed of other functions"},
    {"ReduceMax", translate_reduce, "axes keepdims noop_with_empty_axes", ""},
    {"ReduceMean", translate_reduce, "axes keepdims noop_with_empty_axes", ""},
    {"ReduceMin", translate_reduce, "axes keepdims noop_with_empty_axes",
     "composed of other functions"},
    {"ReduceSum", translate_reduce, "axes keepdims noop_with_empty_axes", ""},
    {"ReduceSumSquare", translate_reduce, "axes keepdims noop_with_empty_axes",
     "composed of other functions"},
    {"Relu", translate_function, "", ""},
    {"Reshape", translate_reshape, "allowzero", "to a constant shape"},
    {"Resize", translate_resize,
     "antialias axes coordinate_transformation_mode cubic_coeff_a exclude_outside "
     "extrapolation_value keep_aspect_ratio_policy mode "
     "nearest_mode",
     "nearest, and linear with half_pixel, pytorch_half_pixel or align_corners"},
    {"RotaryEmbedding", translate_rotary,
     "interleaved is_packed_batching num_heads rotary_embedding_dim scale",
     "of tables that the host looks up"},
    {"Selu", translate_composed, "alpha gamma", "composed of other functions"},
    {"Sigmoid", translate_function, "", ""},
    {"SimplifiedLayerNormalization", translate_rms_norm, "axis epsilon stash_type",
     "of ONNX Runtime; composed of other functions"},
    {"SkipLayerNormalization", translate_skip_norm, "epsilon", "of ONNX Runtime"},
    {"SkipSimplifiedLayerNormalization", translate_skip_norm, "epsilon",
     "of ONNX Runtime; composed of other functions"},
    {"Slice", translate_slice, "axes ends starts", "constant bounds"},
    {"Softmax", translate_softmax, "axis", ""},
    {"Softplus", translate_composed, "", "composed of other functions"},
    {"Softsign", translate_composed, "", "composed of other functions"},
    {"SpaceToDepth", translate_space_to_depth, "blocksize", ""},
    {"Split", translate_split, "axis num_outputs split", "constant sizes"},
    {"Sqrt", translate_function, "", ""},
    {"Squeeze", translate_squeeze, "axes", ""},
    {"Sub", translate_arithmetic, "axis broadcast", ""},
    {"Sum", translate_arithmetic, "", ""},
    {"Tanh", translate_function, "", ""},
    {"Tile", translate_tile, "", "constant repeats, at most 256 a dimension"},
    {"Transpose", translate_transpose, "perm", ""},
    {"Unsqueeze", translate_unsqueeze, "axes", ""},
    {"Upsample", translate_resize, "mode scales", "nearest"},
    {"Where", translate_where, "", "a constant condition"},
});

}  // namespace

std::span<const OperatorRow> operators() {
  return kOperators;
}

const OperatorRow* find_operator(std::string_view op) {
  for (const OperatorRow& row : kOperators)
    if (row.op == op) return &row;
  return nullptr;
}

const OperatorRow* find_operator(const Node& node) {
  // Of ONNX Runtime's optimiser.
  constexpr auto kContributed = std::to_array<std::string_view>(
      {"BiasGelu", "FastGelu", "FusedMatMul", "Gelu", "GroupQueryAttention", "MatMulNBits", "QGemm",
       "QLinearAdd", "QLinearAveragePool", "QLinearConcat", "QLinearGlobalAveragePool",
       "QLinearLeakyRelu", "QLinearMul", "QLinearReduceMean", "QLinearSigmoid", "QLinearSoftmax",
       "QuickGelu", "RotaryEmbedding", "SimplifiedLayerNormalization", "SkipLayerNormalization",
       "SkipSimplifiedLayerNormalization"});
  const bool contributed = std::ranges::binary_search(kContributed, std::string_view(node.op));
  if (!node.domain.empty() && !(node.domain == "com.microsoft" && contributed)) return nullptr;
  return find_operator(std::string_view(node.op));
}

}  // namespace unna::onnx_import
