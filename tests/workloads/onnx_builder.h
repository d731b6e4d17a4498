#pragma once

// Small ONNX models for tests, written as code.

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "workloads/graph.h"

namespace onnx {
class ModelProto;
class NodeProto;
}  // namespace onnx

namespace unna::onnx_test {

/// A node under construction; attributes follow it.
class NodeRef {
 public:
  explicit NodeRef(onnx::NodeProto& node) : node_(node) {}
  NodeRef& i(const std::string& name, std::int64_t value);
  NodeRef& f(const std::string& name, float value);
  NodeRef& s(const std::string& name, const std::string& value);
  NodeRef& is(const std::string& name, const std::vector<std::int64_t>& values);
  NodeRef& tensor(const std::string& name, const Shape& dims, const std::vector<float>& values);

 private:
  onnx::NodeProto& node_;
};

class Builder {
 public:
  explicit Builder(std::int64_t opset = 13);
  ~Builder();
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  /// A dimension of -1 is dynamic.
  Builder& input(const std::string& name, const Shape& shape, bool integer = false);
  Builder& output(const std::string& name);
  Builder& reals(const std::string& name, const Shape& shape, const std::vector<float>& values);
  /// With values 0, 1/8, 2/8, ...
  Builder& weight(const std::string& name, const Shape& shape);
  Builder& ints(const std::string& name, const Shape& shape,
                const std::vector<std::int64_t>& values);
  /// Of eight bits with a sign (int8) or without (uint8).
  enum class Eight : std::uint8_t { with_sign, without_sign };
  Builder& eights(const std::string& name, const Shape& shape, const std::vector<int>& values,
                  Eight kind = Eight::without_sign);
  NodeRef node(const std::string& op, const std::vector<std::string>& inputs,
               const std::vector<std::string>& outputs, const std::string& name = "");
  std::string bytes() const;
  onnx::ModelProto& proto() { return *model_; }

 private:
  std::unique_ptr<onnx::ModelProto> model_;
};

}  // namespace unna::onnx_test
