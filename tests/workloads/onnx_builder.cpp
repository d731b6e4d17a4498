#include "tests/workloads/onnx_builder.h"

#include <onnx/onnx_pb.h>

namespace unna::onnx_test {
namespace {

onnx::AttributeProto& attribute(onnx::NodeProto& node, const std::string& name,
                                onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto& a = *node.add_attribute();
  a.set_name(name);
  a.set_type(type);
  return a;
}

void set_dims(onnx::TensorProto& tensor, const Shape& shape) {
  for (const std::int64_t dim : shape) tensor.add_dims(dim);
}

}  // namespace

NodeRef& NodeRef::i(const std::string& name, std::int64_t value) {
  attribute(node_, name, onnx::AttributeProto::INT).set_i(value);
  return *this;
}
NodeRef& NodeRef::f(const std::string& name, float value) {
  attribute(node_, name, onnx::AttributeProto::FLOAT).set_f(value);
  return *this;
}
NodeRef& NodeRef::s(const std::string& name, const std::string& value) {
  attribute(node_, name, onnx::AttributeProto::STRING).set_s(value);
  return *this;
}
NodeRef& NodeRef::is(const std::string& name, const std::vector<std::int64_t>& values) {
  onnx::AttributeProto& a = attribute(node_, name, onnx::AttributeProto::INTS);
  for (const std::int64_t value : values) a.add_ints(value);
  return *this;
}
NodeRef& NodeRef::tensor(const std::string& name, const Shape& dims,
                         const std::vector<float>& values) {
  onnx::TensorProto& t = *attribute(node_, name, onnx::AttributeProto::TENSOR).mutable_t();
  t.set_data_type(onnx::TensorProto::FLOAT);
  set_dims(t, dims);
  for (const float value : values) t.add_float_data(value);
  return *this;
}

Builder::Builder(std::int64_t opset) : model_(std::make_unique<onnx::ModelProto>()) {
  model_->set_ir_version(7);
  model_->add_opset_import()->set_version(opset);
  model_->mutable_graph()->set_name("test");
}
Builder::~Builder() = default;

Builder& Builder::input(const std::string& name, const Shape& shape, bool integer) {
  onnx::ValueInfoProto& info = *model_->mutable_graph()->add_input();
  info.set_name(name);
  auto& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(integer ? onnx::TensorProto::INT64 : onnx::TensorProto::FLOAT);
  auto& dims = *type.mutable_shape();  // a scalar's is there, too
  for (const std::int64_t dim : shape) {
    auto& to = *dims.add_dim();
    if (dim < 0) {
      to.set_dim_param("n");
    } else {
      to.set_dim_value(dim);
    }
  }
  return *this;
}

Builder& Builder::output(const std::string& name) {
  onnx::ValueInfoProto& info = *model_->mutable_graph()->add_output();
  info.set_name(name);
  info.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  return *this;
}

Builder& Builder::reals(const std::string& name, const Shape& shape,
                        const std::vector<float>& values) {
  onnx::TensorProto& t = *model_->mutable_graph()->add_initializer();
  t.set_name(name);
  t.set_data_type(onnx::TensorProto::FLOAT);
  set_dims(t, shape);
  for (const float value : values) t.add_float_data(value);
  return *this;
}

Builder& Builder::weight(const std::string& name, const Shape& shape) {
  std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 8;
  return reals(name, shape, values);
}

Builder& Builder::ints(const std::string& name, const Shape& shape,
                       const std::vector<std::int64_t>& values) {
  onnx::TensorProto& t = *model_->mutable_graph()->add_initializer();
  t.set_name(name);
  t.set_data_type(onnx::TensorProto::INT64);
  set_dims(t, shape);
  for (const std::int64_t value : values) t.add_int64_data(value);
  return *this;
}

Builder& Builder::eights(const std::string& name, const Shape& shape,
                         const std::vector<int>& values, Eight kind) {
  onnx::TensorProto& t = *model_->mutable_graph()->add_initializer();
  t.set_name(name);
  t.set_data_type(kind == Eight::with_sign ? onnx::TensorProto::INT8 : onnx::TensorProto::UINT8);
  for (const std::int64_t d : shape) t.add_dims(d);
  for (const int v : values) t.add_int32_data(v);
  return *this;
}

NodeRef Builder::node(const std::string& op, const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs, const std::string& name) {
  onnx::NodeProto& node = *model_->mutable_graph()->add_node();
  node.set_op_type(op);
  node.set_name(name);
  for (const std::string& input : inputs) node.add_input(input);
  for (const std::string& output : outputs) node.add_output(output);
  return NodeRef(node);
}

std::string Builder::bytes() const {
  return model_->SerializeAsString();
}

}  // namespace unna::onnx_test
