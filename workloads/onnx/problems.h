#pragma once

// What stands in the way of an import: collected, and said together, grouped by kind.

#include <string>
#include <vector>

namespace unna::onnx_import {

class Problems {
 public:
  /// One that concerns the model as a whole, or an input of it.
  void add(std::string text) { general_.push_back(std::move(text)); }
  /// An operator that can't be imported; those of one kind and reason are told together.
  void add_operator(const std::string& op, const std::string& reason, const std::string& name);

  bool empty() const { return general_.empty() && groups_.empty(); }
  std::size_t size() const { return general_.size() + operators_; }
  /// `nodes` is how many operators the model has. Printable; one line.
  std::string text(std::size_t nodes) const;

 private:
  struct Group {
    std::string op, reason;
    std::vector<std::string> names;
  };

  std::vector<std::string> general_;
  std::vector<Group> groups_;  ///< in the order of their first operators
  std::size_t operators_ = 0;
};

}  // namespace unna::onnx_import
