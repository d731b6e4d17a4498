// What is wrong with operators, expressions, blocks and repeats.

#include "tests/workloads/malformed.h"

namespace unna {
namespace {

class MalformedOps : public testing::TestWithParam<MalformedCase> {};

TEST_P(MalformedOps, IsRefusedWithOneLine) {
  expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Attributes, MalformedOps,
    testing::Values(
        MalformedCase{"kernel_missing", with_op("{op: conv, channels: 4}"),
                      "net.yaml:4:5: conv has no 'kernel', expected one"},
        MalformedCase{"channels_missing", with_op("{op: conv, kernel: 1}"),
                      "net.yaml:4:5: conv has no 'channels', expected one"},
        MalformedCase{"channels_zero", with_op("{op: conv, channels: 0, kernel: 1}"),
                      "net.yaml:4:26: channels is 0, out of range, expected 1 to 2147483647"},
        MalformedCase{"kernel_of_three", with_op("{op: conv, channels: 4, kernel: [1, 2, 3]}"),
                      "net.yaml:4:37: kernel has 3 entries, expected 2: height and width"},
        MalformedCase{"stride_is_a_fraction",
                      with_op("{op: conv, channels: 4, kernel: 1, stride: 1.5}"),
                      "net.yaml:4:48: stride is '1.5', expected an integer from 1 to 65536"},
        MalformedCase{"pad_of_three", with_op("{op: conv, channels: 4, kernel: 3, pad: [1, 1, 1]}"),
                      "net.yaml:4:45: pad is none of its forms, expected 1, [1, 1] (vertical, "
                      "horizontal), [0, 0, 1, 1] (top, left, bottom, right) or same"},
        MalformedCase{"pad_valid", with_op("{op: conv, channels: 4, kernel: 3, pad: valid}"),
                      "net.yaml:4:45: pad is none of its forms, expected 1, [1, 1] (vertical, "
                      "horizontal), [0, 0, 1, 1] (top, left, bottom, right) or same"},
        MalformedCase{"bias_is_a_number", with_op("{op: conv, channels: 4, kernel: 1, bias: 1}"),
                      "net.yaml:4:46: bias is '1', expected true or false"},
        MalformedCase{"act_unknown", with_op("{op: conv, channels: 4, kernel: 1, act: relu7}"),
                      "net.yaml:4:45: act is 'relu7', did you mean 'relu'?"},
        MalformedCase{
            "act_without_its_parameters",
            with_op("{op: conv, channels: 4, kernel: 1, act: leaky_relu}"),
            "net.yaml:4:45: act leaky_relu has parameters, expected {fn: leaky_relu, ...}"},
        MalformedCase{"clip_upside_down", with_op("{op: unary, fn: clip, min: 6, max: 0}"),
                      "net.yaml:4:5: clip from 6 to 0, expected min below max"},
        MalformedCase{
            "parameter_of_another_function", with_op("{op: unary, fn: relu, slope: 0.1}"),
            "net.yaml:4:27: unknown key 'slope' in unary, expected one of: op, name, from, fn"},
        MalformedCase{"binary_with_a_unary_function",
                      with_op("{op: binary, fn: relu, from: [x, x]}"),
                      "net.yaml:4:22: fn is 'relu', expected one of: add, sub, mul, div, max, min"},
        MalformedCase{"epsilon_is_text", with_op("{op: batch_norm, epsilon: small}"),
                      "net.yaml:4:31: epsilon is 'small', expected a number from 0 to 1e+30"},
        MalformedCase{"scale_out_of_range", with_op("{op: matmul, from: [x, x], scale: 1e31}"),
                      "net.yaml:4:39: scale is 1e+31, out of range, expected -1e+30 to 1e+30"},
        MalformedCase{"split_both_ways", with_op("{op: split, axis: 1, parts: 2, sizes: [2, 2]}"),
                      "net.yaml:4:5: split has both of 'parts' and 'sizes', expected one"},
        MalformedCase{"split_into_uneven_parts", with_op("{op: split, axis: 1, parts: 3}"),
                      "net.yaml:4:33: 3 parts of 4, expected a divisor"},
        MalformedCase{"reshape_with_two_open_dimensions", with_op("{op: reshape, shape: [-1, -1]}"),
                      "net.yaml:4:26: shape has more than one -1, expected one at most"},
        MalformedCase{"reshape_with_a_zero", with_op("{op: reshape, shape: [0, -1]}"),
                      "net.yaml:4:26: shape has a 0, expected positive dimensions or one -1"},
        MalformedCase{"reshape_that_does_not_divide", with_op("{op: reshape, shape: [3, -1]}"),
                      "net.yaml:4:5: reshape 'reshape#0': no size for -1 makes 3x-1 of 1x4x8x8, "
                      "expected a divisor"},
        MalformedCase{"resize_without_size", with_op("{op: resize, mode: nearest}"),
                      "net.yaml:4:5: resize has none of 'size' and 'scale', expected one"},
        MalformedCase{"resize_of_unknown_mode", with_op("{op: resize, mode: cubic, scale: 2}"),
                      "net.yaml:4:24: mode is 'cubic', expected one of: nearest, bilinear"},
        MalformedCase{"axis_negative", with_op("{op: concat, axis: -1, from: [x, x]}"),
                      "net.yaml:4:24: axis is -1, out of range, expected 0 to 15"},
        MalformedCase{"reduce_without_axes", with_op("{op: reduce, fn: mean, axes: []}"),
                      "net.yaml:4:5: reduce 'reduce#0': no axes, expected at least one"}),
    malformed_name);

INSTANTIATE_TEST_SUITE_P(
    Shapes, MalformedOps,
    testing::Values(
        MalformedCase{"kernel_larger_than_input", with_op("{op: conv, channels: 4, kernel: 9}"),
                      "net.yaml:4:5: conv 'conv#0': height: the kernel spans 9, expected at most "
                      "the padded input's 8"},
        MalformedCase{"groups_that_do_not_divide",
                      with_op("{op: conv, channels: 4, kernel: 1, groups: 3}"),
                      "net.yaml:4:5: conv 'conv#0': 3 groups, expected a divisor of 4 input and 4 "
                      "output channels"},
        MalformedCase{"binary_of_one", with_op("{op: binary, fn: add}"),
                      "net.yaml:4:5: binary 'binary#0': has 1 inputs, expected 2"},
        MalformedCase{"gemm_of_two", with_op("{op: gemm, features: 4, from: [x, x]}"),
                      "net.yaml:4:5: gemm 'gemm#0': has 2 inputs, expected 1"},
        MalformedCase{"lstm_of_four_dimensions", with_op("{op: lstm, hidden: 4}"),
                      "net.yaml:4:5: lstm 'lstm#0': input 0 is 1x4x8x8, expected 3 dimensions"},
        MalformedCase{
            "matmul_that_does_not_fit",
            "name: net\ninputs: {x: [2, 3], y: [2, 3]}\nops:\n  - {op: matmul, from: [x, y]}\n",
            "net.yaml:4:5: matmul 'matmul#0': second input is 2x3, expected 3x3 for a first input "
            "of 2x3"},
        MalformedCase{
            "weight_too_large",
            "name: net\ninputs: {x: [1, 2000000000]}\nops:\n  - {op: gemm, features: 2000000000}\n",
            "net.yaml:4:5: tensor 'gemm#0.weight' is 2000000000x2000000000, expected at most "
            "1099511627776 elements"}),
    malformed_name);

INSTANTIATE_TEST_SUITE_P(
    Expressions, MalformedOps,
    testing::Values(
        MalformedCase{"expression_unfinished", with_op("{op: conv, channels: $(4, kernel: 1}"),
                      "net.yaml:4:29: '$(' ends early, expected an operator or ')'"},
        MalformedCase{
            "expression_unknown_variable", with_op("{op: conv, channels: $(4*w), kernel: 1}"),
            "net.yaml:4:30: unknown variable 'w', expected none: there are no variables here"},
        MalformedCase{
            "expression_of_braces", with_op("{op: conv, channels: \"${w}\", kernel: 1}"),
            "net.yaml:4:26: channels is '${w}', expected an integer from 1 to 2147483647"},
        MalformedCase{"expression_divides_by_zero",
                      with_op("{op: conv, channels: $(4/0), kernel: 1}"),
                      "net.yaml:4:29: 4 / 0, expected a positive divisor"},
        MalformedCase{"expression_overflows",
                      with_op("{op: conv, channels: $(4000000000*4000000000), kernel: 1}"),
                      "net.yaml:4:38: 4000000000 * 4000000000 overflows, expected 64 bits"},
        MalformedCase{"expression_out_of_range", with_op("{op: conv, channels: $(1-2), kernel: 1}"),
                      "net.yaml:4:26: channels is -1, out of range, expected 1 to 2147483647"}),
    malformed_name);

INSTANTIATE_TEST_SUITE_P(
    BlocksAndRepeats, MalformedOps,
    testing::Values(
        MalformedCase{"block_unknown", with_op("{use: bottleneck}"),
                      "net.yaml:4:11: unknown block 'bottleneck', expected none: there are none"},
        MalformedCase{"block_never_used",
                      "name: net\ninputs: {x: [1]}\nblocks:\n  b: {ops: [{op: softmax}]}\nops:\n  "
                      "- {op: softmax}\n",
                      "net.yaml:4:3: block 'b' is never used, expected a use"},
        MalformedCase{"block_param_named_as_one_of_the_file",
                      "name: net\nparams: {w: 1}\ninputs: {x: [1, 4, 8, 8]}\nblocks:\n  b:\n"
                      "    params: {w: 2}\n    ops: [{op: softmax}]\nops:\n  - {op: softmax}\n",
                      "net.yaml:6:14: param 'w' of block 'b' has the name of the file's in line 2, "
                      "expected another one"},
        MalformedCase{"block_without_ops", with_block("    params: {w}\n", "{use: b}"),
                      "net.yaml:5:5: block 'b' has no 'ops', expected one"},
        MalformedCase{"block_uses_itself", with_block("    ops:\n      - {use: b}\n", "{use: b}"),
                      "net.yaml:6:15: block 'b' uses itself, expected no recursion (in block 'b' "
                      "used at 8:5)"},
        MalformedCase{"block_input_twice",
                      with_block("    inputs: [p, p]\n    ops: [{op: softmax}]\n", "{use: b}"),
                      "net.yaml:5:17: duplicate name 'p', expected each name once"},
        MalformedCase{
            "block_given_too_few_inputs",
            with_block("    inputs: [p, q]\n    ops: [{op: softmax, from: p}]\n", "{use: b}"),
            "net.yaml:8:5: block 'b' given 1 inputs, expected 2: p, q"},
        MalformedCase{"block_without_a_value",
                      with_block("    params: {w}\n    ops: [{op: softmax}]\n", "{use: b}"),
                      "net.yaml:8:5: block 'b' has no value for 'w', expected one in with"},
        MalformedCase{"block_given_an_unknown_param",
                      with_block("    ops: [{op: softmax}]\n", "{use: b, with: {w: 1}}"),
                      "net.yaml:7:21: block 'b' has no param 'w', expected none: there are none"},
        MalformedCase{
            "block_given_a_list",
            with_block("    params: {w}\n    ops: [{op: softmax}]\n", "{use: b, with: {w: [1]}}"),
            "net.yaml:8:24: w is a sequence, expected a string"},
        MalformedCase{
            "block_sees_no_outer_tensor",
            with_block("    inputs: [p]\n    ops: [{op: softmax, from: x}]\n", "{use: b}"),
            "net.yaml:6:31: unknown tensor 'x', expected an input or an earlier op (in block 'b' "
            "used at 8:5)"},
        MalformedCase{
            "error_inside_a_block",
            with_block("    params: {w}\n    ops:\n      - {op: conv, channels: $(w), kernel: 1}\n",
                       "{use: b, with: {w: many}}"),
            "net.yaml:7:30: channels is 'many', expected an integer from 1 to 2147483647 (in block "
            "'b' used at 9:5)"},
        MalformedCase{"shape_inside_a_block",
                      with_block("    params: {k}\n    ops:\n      - {op: conv, name: c, channels: "
                                 "1, kernel: $(k)}\n",
                                 "{use: b, name: u, with: {k: 9}}"),
                      "net.yaml:7:9: conv 'u.c': height: the kernel spans 9, expected at most the "
                      "padded input's 8 (in block 'b' used at 9:5)"},
        MalformedCase{"error_two_blocks_deep",
                      "name: net\ninputs: {x: [1]}\nblocks:\n  a:\n    ops:\n      - {op: softmax, "
                      "from: z}\n  b:\n    ops:\n      - {use: a}\nops:\n  - {use: b}\n",
                      "net.yaml:6:29: unknown tensor 'z', expected an input or an earlier op (in "
                      "block 'a' used at 9:9) (in block 'b' used at 11:5)"},
        MalformedCase{
            "error_inside_a_repeat",
            with_ops(
                "  - repeat: {i: 3}\n    ops:\n      - {op: conv, channels: $(2-i), kernel: 1}\n"),
            "net.yaml:6:30: channels is 0, out of range, expected 1 to 2147483647 (repeated at 4:5 "
            "with i=2)"},
        MalformedCase{"repeat_without_variable", with_op("{repeat: {}, ops: [{op: softmax}]}"),
                      "net.yaml:4:14: repeat has no variable, expected at least one"},
        MalformedCase{"repeat_of_text", with_op("{repeat: {i: often}, ops: [{op: softmax}]}"),
                      "net.yaml:4:18: i is 'often', expected an integer from 0 to 100000"},
        MalformedCase{"repeat_lists_of_other_lengths",
                      with_op("{repeat: {a: [1, 2], b: [1]}, ops: [{op: softmax}]}"),
                      "net.yaml:4:29: b has 1 values, expected 2 as a has"},
        MalformedCase{"repeat_variable_taken",
                      with_ops("  - repeat: {i: 2}\n    ops:\n      - repeat: {i: 2}\n        ops: "
                               "[{op: softmax}]\n"),
                      "net.yaml:6:18: variable 'i' is already defined, expected a new name "
                      "(repeated at 4:5 with i=0)"},
        MalformedCase{"repeat_without_ops", with_op("{repeat: {i: 2}}"),
                      "net.yaml:4:5: repeat has no 'ops', expected one"},
        MalformedCase{"repeat_too_often",
                      with_ops("  - repeat: {i: 1000}\n    ops:\n      - {repeat: {j: 1000}, ops: "
                               "[{op: unary, fn: relu}]}\n"),
                      "net.yaml:6:35: more than 100000 entries after expansion, expected fewer "
                      "(repeated at 6:9 with j=899) (repeated at 4:5 with i=99)"},
        MalformedCase{"repeat_of_one_name",
                      with_op("{repeat: {i: 2}, ops: [{op: softmax, name: a}]}"),
                      "net.yaml:4:48: duplicate name 'a', expected each name once (repeated at 4:5 "
                      "with i=1)"}),
    malformed_name);

}  // namespace
}  // namespace unna
