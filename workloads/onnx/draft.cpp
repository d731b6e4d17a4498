#include "workloads/onnx/draft.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/utf8.h"

namespace unna::onnx_import {

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
    const auto byte = static_cast<unsigned char>(text[at]);
    // Private use, specials (with the byte order mark) and the planes beyond the first.
    const bool odd = byte >= 0xee;
    // C1 controls and line separators are characters that end lines elsewhere.
    const bool separator = byte == 0xc2 || text.substr(at, 2) == "\xe2\x80";
    const bool expression = text.substr(at, 2) == "$(";  // of the network language
    if (length == 0 || byte < 0x20 || byte == 0x7f || odd || separator || expression) {
      out += '_';
      at += std::max<std::size_t>(length, 1);
      continue;
    }
    out += text.substr(at, length);
    at += length;
  }
  return out;
}

Draft::Draft(std::string name, std::string file) : name_(std::move(name)), file_(std::move(file)) {}

TensorId Draft::add(DraftTensor tensor) {
  tensors_.push_back(std::move(tensor));
  return TensorId(tensors_.size() - 1);
}

TensorId Draft::input(const std::string& name, const Shape& shape, ElementKind element) {
  return add({name, TensorKind::input, element, shape, nullptr});
}

TensorId Draft::weight(const std::string& name, const Shape& shape,
                       std::shared_ptr<const Reals> values) {
  return add({name, TensorKind::weight, ElementKind::real, shape, std::move(values)});
}

std::vector<TensorId> Draft::op(OpKind kind, const std::string& name, std::vector<TensorId> inputs,
                                OpAttrs attrs) {
  GraphOp probe{name, kind, {}, {}, std::move(attrs), SourcePos{file_}};
  std::vector<Shape> shapes;
  for (const TensorId input : inputs) shapes.push_back(tensor(input).shape);
  const std::vector<Shape> made = infer_shapes(probe, shapes);
  DraftOp op{name, kind, std::move(inputs), {}, std::move(probe.attrs)};
  for (const Shape& shape : made) {
    for (const std::int64_t dim : shape)
      if (dim < 1 || dim > kMaxDimension)
        throw InputError(probe.pos, fmt::format("a result of {}", to_string(shape)));
    if (element_count(shape) > kMaxElements)
      throw InputError(probe.pos, fmt::format("a result of {}, expected at most {} elements",
                                              to_string(shape), kMaxElements));
    op.outputs.push_back(
        add({{}, TensorKind::activation, ElementKind::real, shape, nullptr, nullptr, ops_.size()}));
  }
  ops_.push_back(std::move(op));
  return ops_.back().outputs;
}

void Draft::rewrite(std::size_t at, OpKind kind, std::vector<TensorId> inputs, OpAttrs attrs) {
  DraftOp& op = ops_[at];
  op.kind = kind;
  op.inputs = std::move(inputs);
  op.attrs = std::move(attrs);
}

void Draft::output(TensorId tensor, const std::string& name) {
  outputs_.emplace_back(tensor, name);
}

const DraftOp* Draft::producer(TensorId id) const {
  const std::optional<std::size_t>& at = tensor(id).producer;
  return at ? &ops_[*at] : nullptr;
}

std::vector<int> Draft::readers() const {
  std::vector<int> count(tensors_.size());
  for (const DraftOp& op : ops_)
    for (const TensorId input : op.inputs) ++count[input.index()];
  for (const auto& output : outputs_) ++count[output.first.index()];
  return count;
}

/// An output's operator takes the output's name. What has no operator of its own (an input, a part
/// of a split, a tensor that is two outputs) gets one.
void Draft::name_outputs() {
  std::set<std::size_t> named;
  for (auto& [id, name] : outputs_) {
    const DraftOp* maker = producer(id);
    if (maker == nullptr || maker->outputs.size() != 1 || !named.insert(id.index()).second) {
      id = op(OpKind::unary, name, {id}, FunctionAttrs{})[0];
      named.insert(id.index());
    }
    ops_[*tensor(id).producer].name = unique(name);
  }
}

std::vector<bool> Draft::needed_ops() const {
  std::vector<bool> needed(ops_.size());
  std::vector<bool> read(tensors_.size());
  for (const auto& output : outputs_) read[output.first.index()] = true;
  for (std::size_t i = ops_.size(); i-- > 0;) {
    for (const TensorId out : ops_[i].outputs) needed[i] = needed[i] || read[out.index()];
    if (!needed[i]) continue;
    for (const TensorId in : ops_[i].inputs) read[in.index()] = true;
  }
  return needed;
}

std::string Draft::unique(const std::string& name) {
  constexpr std::size_t kMaxName = 200;  // YAML limits keys to 1024 characters
  std::string out =
      printable(std::string_view(name.empty() ? "unnamed" : name).substr(0, kMaxName));
  const std::string stem = out;
  for (int i = 2; !taken_.insert(out).second; ++i) out = fmt::format("{}~{}", stem, i);
  return out;
}

/// A name whose `name.0`, `name.1`, ... are free too.
std::string Draft::unique_split(const std::string& name, std::size_t parts) {
  for (std::string stem = name;; stem += "~") {
    std::string out = unique(stem);
    bool free = true;
    for (std::size_t i = 0; i < parts; ++i)
      free = free && !taken_.contains(fmt::format("{}.{}", out, i));
    if (!free) continue;
    for (std::size_t i = 0; i < parts; ++i) taken_.insert(fmt::format("{}.{}", out, i));
    return out;
  }
}

/// A split of which some parts are not read, as slices.
void Draft::replay_split(const DraftOp& op, TensorId input, const std::vector<bool>& read,
                         GraphBuilder& builder, std::vector<std::optional<TensorId>>& made) const {
  const auto& attrs = std::get<AxisAttrs>(op.attrs);
  const auto axis = static_cast<std::size_t>(attrs.axis);
  const Shape whole = builder.tensor(input).shape;
  std::int64_t start = 0;
  for (std::size_t i = 0; i < op.outputs.size(); ++i) {
    SliceAttrs part{Shape(whole.size(), 0), whole, Shape(whole.size(), 1)};
    part.starts[axis] = start;
    start += attrs.sizes[i];
    part.ends[axis] = start;
    const std::size_t out = op.outputs[i].index();
    if (read[out])
      made[out] = builder.op(OpKind::slice, fmt::format("{}.{}", op.name, i), {input}, part,
                             SourcePos{file_})[0];
  }
}

Graph Draft::finish(std::vector<std::string>& unread) {
  GraphBuilder builder(name_);
  const SourcePos pos{file_};
  // Inputs and outputs keep their names, operators come next.
  for (DraftTensor& t : tensors_)
    if (t.kind == TensorKind::input) t.name = unique(t.name);
  const std::size_t before = ops_.size();
  name_outputs();
  const std::vector<bool> needed = needed_ops();
  std::vector<std::optional<TensorId>> made(tensors_.size());
  std::set<std::size_t> output_ops;
  for (const auto& output : outputs_) output_ops.insert(*tensor(output.first).producer);
  for (std::size_t i = 0; i < before; ++i) {
    if (!needed[i] || output_ops.contains(i)) continue;
    const bool several = ops_[i].kind == OpKind::split;
    ops_[i].name =
        several ? unique_split(ops_[i].name, ops_[i].outputs.size()) : unique(ops_[i].name);
  }
  std::vector<bool> read(tensors_.size());
  for (const auto& output : outputs_) read[output.first.index()] = true;
  for (std::size_t i = 0; i < ops_.size(); ++i)
    if (needed[i])
      for (const TensorId in : ops_[i].inputs) read[in.index()] = true;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    DraftTensor& t = tensors_[i];
    if (t.kind == TensorKind::input && !read[i]) unread.push_back(t.name);
    if (!read[i]) continue;
    if (t.kind == TensorKind::input) made[i] = builder.input(t.name, t.shape, pos);
    if (t.kind == TensorKind::weight)
      made[i] = builder.weight(unique(t.name), t.shape, pos, t.values);
    if (made[i]) builder.set_steps(*made[i], t.steps);
    if (made[i]) builder.set_groups(*made[i], t.groups);
  }
  for (std::size_t i = 0; i < ops_.size(); ++i) {
    if (!needed[i]) continue;
    DraftOp& op = ops_[i];
    std::vector<TensorId> inputs;
    for (const TensorId in : op.inputs) inputs.push_back(*made[in.index()]);
    const auto is_read = [&](TensorId id) { return read[id.index()]; };
    if (op.kind == OpKind::split && !std::all_of(op.outputs.begin(), op.outputs.end(), is_read)) {
      replay_split(op, inputs[0], read, builder, made);
      continue;
    }
    const auto outs = builder.op(op.kind, op.name, std::move(inputs), op.attrs, pos);
    for (std::size_t o = 0; o < outs.size(); ++o) {
      made[op.outputs[o].index()] = outs[o];
      builder.set_steps(outs[o], tensor(op.outputs[o]).steps);
    }
  }
  for (const auto& output : outputs_) builder.mark_output(*made[output.first.index()]);
  return builder.finish();
}

}  // namespace unna::onnx_import
