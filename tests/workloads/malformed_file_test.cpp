// What is wrong with the file, its inputs and outputs, its names.

#include "tests/workloads/malformed.h"

namespace unna {
namespace {

class MalformedFile : public testing::TestWithParam<MalformedCase> {};

TEST_P(MalformedFile, IsRefusedWithOneLine) {
  expect_refused(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    TheFile, MalformedFile,
    testing::Values(
        MalformedCase{"empty_file", "", "net.yaml:1:1: empty, expected a YAML map"},
        MalformedCase{"not_a_map", "- 1\n", "net.yaml:1:1: network is a sequence, expected a map"},
        MalformedCase{"broken_yaml", "name: [net\n",
                      "net.yaml:2:1: end of sequence flow not found, expected YAML"},
        MalformedCase{"second_document", "name: a\n---\nname: b\n",
                      "net.yaml:3:1: second document, expected only one"},
        MalformedCase{"no_name", "inputs: {x: [1]}\nops: []\n",
                      "net.yaml:1:1: network has no 'name', expected one"},
        MalformedCase{"name_is_a_list", "name: [net]\ninputs: {x: [1]}\nops: []\n",
                      "net.yaml:1:7: name is a sequence, expected a string"},
        MalformedCase{"name_with_a_space", "name: my net\ninputs: {x: [1]}\nops: []\n",
                      "net.yaml:1:7: name 'my net' is not a name, expected a letter and then "
                      "letters, digits, _ or -"},
        MalformedCase{"no_inputs", "name: net\nops: []\n",
                      "net.yaml:1:1: network has no 'inputs', expected one"},
        MalformedCase{"no_ops", "name: net\ninputs: {x: [1]}\n",
                      "net.yaml:1:1: network has no 'ops', expected one"},
        MalformedCase{"unknown_key", "name: net\ninput: {x: [1]}\ninputs: {x: [1]}\nops: []\n",
                      "net.yaml:2:1: unknown key 'input' in network, expected one of: name, "
                      "params, inputs, weights, blocks, ops, outputs, states"},
        MalformedCase{"duplicate_key", "name: net\nname: net\n",
                      "net.yaml:2:1: duplicate key 'name', expected each key once"},
        MalformedCase{"ops_is_a_map", "name: net\ninputs: {x: [1]}\nops: {op: softmax}\n",
                      "net.yaml:3:6: ops is a map, expected a sequence"},
        MalformedCase{"ops_is_empty", "name: net\ninputs: {x: [1]}\nops: []\n",
                      "net.yaml:3:6: ops is empty, expected at least one entry"},
        MalformedCase{"param_without_value",
                      "name: net\nparams: {width}\ninputs: {x: [1]}\nops: []\n",
                      "net.yaml:2:10: param 'width' has no value, expected one"},
        MalformedCase{"param_named_like_another",
                      "name: net\nparams: {a-b: 1}\ninputs: {x: [1]}\nops: []\n",
                      "net.yaml:2:10: variable 'a-b' has a '-', expected letters, digits or _"}),
    malformed_name);

INSTANTIATE_TEST_SUITE_P(
    InputsAndOutputs, MalformedFile,
    testing::Values(
        MalformedCase{"inputs_are_a_list", "name: net\ninputs: [1, 3]\nops: []\n",
                      "net.yaml:2:9: inputs is a sequence, expected a map"},
        MalformedCase{"inputs_are_empty", "name: net\ninputs: {}\nops: []\n",
                      "net.yaml:2:9: inputs is empty, expected at least one"},
        MalformedCase{"input_without_dimensions", "name: net\ninputs: {x: []}\nops: []\n",
                      "net.yaml:2:13: x has no dimensions, expected at least one"},
        MalformedCase{"dimension_zero", "name: net\ninputs: {x: [1, 0]}\nops: []\n",
                      "net.yaml:2:17: shape of 'x' is 0, out of range, expected 1 to 2147483647"},
        MalformedCase{
            "dimension_is_text", "name: net\ninputs: {x: [1, four]}\nops: []\n",
            "net.yaml:2:17: shape of 'x' is 'four', expected an integer from 1 to 2147483647"},
        MalformedCase{
            "dimension_is_octal", "name: net\ninputs: {x: [1, 010]}\nops: []\n",
            "net.yaml:2:17: shape of 'x' is '010', expected an integer from 1 to 2147483647"},
        MalformedCase{
            "dimension_is_quoted", "name: net\ninputs: {x: [1, \"8\"]}\nops: []\n",
            "net.yaml:2:17: shape of 'x' is '8', expected an integer from 1 to 2147483647"},
        MalformedCase{
            "input_too_large", "name: net\ninputs: {x: [2000000000, 2000000000]}\nops: []\n",
            "net.yaml:2:13: x is 2000000000x2000000000, expected at most 1099511627776 elements"},
        MalformedCase{"input_with_a_dot_in_its_name", "name: net\ninputs: {x.y: [1]}\nops: []\n",
                      "net.yaml:2:10: tensor 'x.y' is not a name, expected a letter and then "
                      "letters, digits, _ or -"},
        MalformedCase{"weight_named_like_an_input",
                      "name: net\ninputs: {x: [1]}\nweights: {x: [1]}\nops: []\n",
                      "net.yaml:3:11: duplicate name 'x', expected each name once"},
        MalformedCase{"input_never_read",
                      "name: net\ninputs: {x: [1], y: [1]}\nops:\n  - {op: softmax, from: x}\n",
                      "net.yaml:2:18: 'y' is never read, expected a reader"},
        MalformedCase{
            "weight_never_read",
            "name: net\ninputs: {x: [1]}\nweights: {w: [1]}\nops:\n  - {op: softmax, from: x}\n",
            "net.yaml:3:11: 'w' is never read, expected a reader"},
        MalformedCase{"op_never_read",
                      with_ops("  - {op: softmax, name: a}\n  - {op: softmax, name: b, from: x}\n"),
                      "net.yaml:4:5: 'a' is never read, expected a reader or an entry in outputs"},
        MalformedCase{"output_unknown", with_ops("  - {op: softmax, name: a}\noutputs: [b]\n"),
                      "net.yaml:5:11: unknown tensor 'b', expected an input or an earlier op"},
        MalformedCase{"output_is_an_input",
                      with_ops("  - {op: softmax, name: a}\noutputs: [a, x]\n"),
                      "net.yaml:5:14: output 'x' is not computed, expected the result of an op"},
        MalformedCase{"output_twice", with_ops("  - {op: softmax, name: a}\noutputs: [a, a]\n"),
                      "net.yaml:5:14: duplicate output 'a', expected each once"},
        MalformedCase{"outputs_empty", with_ops("  - {op: softmax, name: a}\noutputs: []\n"),
                      "net.yaml:5:10: outputs is empty, expected at least one"}),
    malformed_name);

INSTANTIATE_TEST_SUITE_P(
    EntriesAndNames, MalformedFile,
    testing::Values(
        MalformedCase{"entry_is_text", with_op("softmax"),
                      "net.yaml:4:5: an entry of ops is 'softmax', expected a map"},
        MalformedCase{"entry_without_form", with_op("{name: a}"),
                      "net.yaml:4:5: none of 'op', 'use' and 'repeat' in an entry of ops, expected "
                      "one of them"},
        MalformedCase{"entry_of_two_forms", with_op("{op: softmax, use: b}"),
                      "net.yaml:4:5: more than one of 'op', 'use' and 'repeat' in an entry of ops, "
                      "expected one of them"},
        MalformedCase{"unknown_op", with_op("{op: convolution, channels: 4}"),
                      "net.yaml:4:10: op is 'convolution', did you mean 'conv'?"},
        MalformedCase{"unknown_attribute", with_op("{op: conv, channels: 4, kernal: 3, kernel: 3}"),
                      "net.yaml:4:29: unknown key 'kernal' in conv, did you mean 'kernel'?"},
        MalformedCase{"attribute_of_another_kind",
                      with_op("{op: max_pool, kernel: 2, count_include_pad: true}"),
                      "net.yaml:4:31: unknown key 'count_include_pad' in max_pool, expected one "
                      "of: op, name, from, kernel, stride, dilation, pad, ceil_mode, act"},
        MalformedCase{"duplicate_attribute",
                      with_op("{op: conv, channels: 4, kernel: 3, kernel: 3}"),
                      "net.yaml:4:40: duplicate key 'kernel', expected each key once"},
        MalformedCase{"duplicate_name",
                      with_ops("  - {op: softmax, name: a}\n  - {op: softmax, name: a}\n"),
                      "net.yaml:5:25: duplicate name 'a', expected each name once"},
        MalformedCase{"name_of_an_input", with_op("{op: softmax, name: x}"),
                      "net.yaml:4:25: duplicate name 'x', expected each name once"},
        MalformedCase{"name_with_a_dot", with_op("{op: softmax, name: a.b}"),
                      "net.yaml:4:25: name 'a.b' is not a name, expected a letter and then "
                      "letters, digits, _ or -"},
        MalformedCase{"name_that_starts_with_a_digit", with_op("{op: softmax, name: 1st}"),
                      "net.yaml:4:25: name '1st' is not a name, expected a letter and then "
                      "letters, digits, _ or -"},
        MalformedCase{"from_unknown", with_op("{op: softmax, from: y}"),
                      "net.yaml:4:25: unknown tensor 'y', expected an input or an earlier op"},
        MalformedCase{"from_a_later_op",
                      with_ops("  - {op: softmax, from: b}\n  - {op: softmax, name: b}\n"),
                      "net.yaml:4:25: unknown tensor 'b', expected an input or an earlier op"},
        MalformedCase{"from_nothing", with_op("{op: softmax, from: []}"),
                      "net.yaml:4:25: from is empty, expected at least one tensor"},
        MalformedCase{"from_a_map", with_op("{op: softmax, from: {x: y}}"),
                      "net.yaml:4:25: tensor is a map, expected a string"},
        MalformedCase{"from_an_op_of_two_outputs",
                      with_ops("  - {op: split, name: s, axis: 1, parts: 2}\n  - {op: softmax}\n"),
                      "net.yaml:5:5: 's' has 2 outputs, expected one of: s.0, s.1"},
        MalformedCase{"no_previous_op",
                      "name: net\ninputs: {x: [1], y: [1]}\nops:\n  - {op: softmax}\n",
                      "net.yaml:4:5: no previous op and several inputs, expected 'from'"}),
    malformed_name);

}  // namespace
}  // namespace unna
