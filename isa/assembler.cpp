#include <fmt/format.h>

#include <limits>
#include <map>

#include "isa/assembly.h"
#include "isa/object.h"
#include "isa/object_tables.h"
#include "text/line_reader.h"

namespace unna {
namespace {

constexpr std::int64_t kMaxNumber = std::numeric_limits<std::int64_t>::max();

std::vector<OpId> op_ids(FieldReader& fields, std::string_view name) {
  std::vector<OpId> out;
  for (const std::uint32_t id : fields.ids(name)) out.emplace_back(id);
  return out;
}

/// "conv" -> Opcode::conv.
std::optional<Opcode> opcode_of(std::string_view mnemonic) {
  static const std::map<std::string_view, Opcode> kByMnemonic = [] {
    std::map<std::string_view, Opcode> out;
    for (const OpcodeInfo& row : kOpcodes) out.emplace(row.mnemonic, row.opcode);
    return out;
  }();
  const auto it = kByMnemonic.find(mnemonic);
  if (it == kByMnemonic.end()) return std::nullopt;
  return it->second;
}

class Assembler {
 public:
  Assembler(const std::string& text, const std::string& file) : line_(text, file) {}

  Object run() {
    while (line_.next()) {
      if (!seen_version_) {
        version();
      } else if (word(0).starts_with('.')) {
        directive();
      } else {
        instruction();
      }
    }
    if (!seen_version_) throw InputError(line_.pos(1), "no text, expected .unnasim 1");
    if (object_.streams.empty())
      throw InputError(line_.pos(1), "no stream, expected .stream c0 and its instructions");
    if (!object_.layer_inputs.empty() && object_.layer_inputs.size() != object_.layers.size())
      throw InputError(line_.pos(1), "some layers have inputs=, expected all or none");
    return std::move(object_);
  }

 private:
  std::string_view word(std::size_t i) const { return line_.words()[i].name; }
  int column(std::size_t i) const { return line_.words()[i].column; }

  void expect_words(std::size_t count, std::string_view what) {
    if (line_.words().size() != count)
      line_.fail(column(0), "{} words, expected {}", line_.words().size(), what);
  }

  void version() {
    if (word(0) != ".unnasim") line_.fail(column(0), "'{}', expected .unnasim 1", word(0));
    expect_words(2, ".unnasim 1");
    if (word(1) != "1") line_.fail(column(1), "version '{}', expected 1", word(1));
    seen_version_ = true;
  }

  void directive() {
    const std::string_view name = word(0);
    if (name == ".network") return network();
    if (name == ".data_type") return data_type();
    if (name == ".core") return core();
    if (name == ".parallel_layers") {
      expect_words(1, ".parallel_layers");
      object_.parallel_layers = true;
      return;
    }
    if (name == ".buffer") return buffer();
    if (name == ".layer") return layer();
    if (name == ".topology") return topology();
    if (name == ".stream") return stream();
    line_.fail(column(0),
               "unknown directive '{}', expected one of: .network, .data_type, .core, "
               ".parallel_layers, .buffer, .layer, .topology, .stream",
               name);
  }

  void network() {
    expect_words(2, ".network \"name\"");
    object_.network = line_.unquote(line_.words()[1]);
  }

  void data_type() {
    expect_words(2, ".data_type and its name");
    for (std::size_t t = 0; t < std::size(kDataTypeNames); ++t) {
      if (kDataTypeNames[t] != word(1)) continue;
      object_.data_type = static_cast<DataType>(t);
      return;
    }
    line_.fail(column(1), "data type '{}', expected one of: {}", word(1),
               fmt::join(kDataTypeNames, ", "));
  }

  void core() {
    std::vector<std::pair<std::string, std::string>> values;
    const FieldReader check_form(line_, 1, ".core");
    for (std::size_t i = 1; i < line_.words().size(); ++i)
      values.emplace_back(fmt::format("core.{}", word(i)), line_.words()[i].value);
    object_.core = object_tables::core_from_fields(values, line_.pos(column(0)));
  }

  /// The second word is the next number of its table.
  void expect_next_id(std::string_view prefix, std::size_t next) {
    const std::string expected = fmt::format("{}{}", prefix, next);
    if (line_.words().size() < 2)
      line_.fail(column(0), "{} without a number, expected {}", word(0), expected);
    if (word(1) != expected || line_.words()[1].has_value)
      line_.fail(column(1), "'{}', expected {}: numbers ascend without gaps", word(1), expected);
  }

  void buffer() {
    expect_next_id("b", object_.buffers.size());
    FieldReader fields(line_, 2, ".buffer");
    BufferInfo out;
    out.name = fields.string("name");
    out.kind = static_cast<BufferKind>(
        fields.choice("kind", kBufferKindNames.data(), kBufferKindNames.size()));
    out.size = fields.integer("bytes", 0, kMaxNumber);
    out.tensor = fields.string("tensor");
    fields.finish();
    object_.buffers.push_back(std::move(out));
  }

  void layer() {
    expect_next_id("", object_.layers.size());
    FieldReader fields(line_, 2, ".layer");
    LayerInfo out;
    out.name = fields.string("name");
    out.kind = fields.string("kind");
    out.macs = fields.integer("macs", 0, kMaxNumber);
    out.compulsory_bytes = fields.integer("compulsory_bytes", 0, kMaxNumber);
    if (fields.optional("pruned_macs") != nullptr)
      out.pruned_macs = fields.integer("pruned_macs", 0, out.macs);
    if (fields.optional("inputs") != nullptr)
      object_.layer_inputs.push_back(op_ids(fields, "inputs"));
    fields.finish();
    object_.layers.push_back(std::move(out));
  }

  void topology() {
    if (line_.words().size() < 2) line_.fail(column(0), ".topology without a buffer, expected b0");
    TopologyUse use;
    use.buffer = BufferId(parse_id(line_, word(1), column(1), "b", "buffer"));
    FieldReader fields(line_, 2, ".topology");
    use.writers = op_ids(fields, "writers");
    use.readers = op_ids(fields, "readers");
    fields.finish();
    object_.topology.push_back(std::move(use));
  }

  void stream() {
    expect_next_id("c", object_.streams.size());
    expect_words(2, ".stream and a core");
    if (object_.streams.size() == static_cast<std::size_t>(kMaxCores))
      line_.fail(column(1), "more than {} streams, expected no more", kMaxCores);
    object_.streams.emplace_back();
  }

  void instruction() {
    if (object_.streams.empty())
      line_.fail(column(0), "instruction '{}' outside a stream, expected .stream c0 before it",
                 word(0));
    const std::optional<Opcode> opcode = opcode_of(word(0));
    if (!opcode || line_.words()[0].has_value)
      line_.fail(column(0), "unknown instruction '{}', expected one of: {}", word(0), mnemonics());
    Instruction i;
    i.opcode = *opcode;
    std::size_t at = 1;
    if (const auto text = bracketed(at, "wait(")) i.wait = engines(at++, *text);
    if (const auto text = bracketed(at, "signal(")) i.signal = engines(at++, *text);
    const auto op = bracketed(at, "op(");
    if (!op)
      line_.fail(at < line_.words().size() ? column(at) : column(0),
                 "no op(...) here, expected the instruction's layer such as op(3)");
    i.op = OpId(parse_id(line_, *op, column(at) + 3, "", "layer"));
    operands(at + 1, i);
    object_.streams.back().push_back(i);
  }

  static std::string mnemonics() {
    std::string out;
    for (const OpcodeInfo& row : kOpcodes)
      out += fmt::format("{}{}", out.empty() ? "" : ", ", row.mnemonic);
    return out;
  }

  /// `x` of a word `open x)`.
  std::optional<std::string_view> bracketed(std::size_t at, std::string_view open) const {
    if (at >= line_.words().size()) return std::nullopt;
    const std::string_view text = word(at);
    if (!text.starts_with(open) || !text.ends_with(')') || line_.words()[at].has_value)
      return std::nullopt;
    return text.substr(open.size(), text.size() - open.size() - 1);
  }

  EngineMask engines(std::size_t at, std::string_view text) const {
    const std::optional<EngineMask> mask = assembly::parse_engines(text);
    if (!mask)
      line_.fail(column(at), "'{}', expected a set of engines such as wait(ln,cp)", word(at));
    return *mask;
  }

  void operands(std::size_t first, Instruction& i) const {
    const OpcodeInfo& row = info(i.opcode);
    std::uint32_t seen = 0;
    for (std::size_t w = first; w < line_.words().size(); ++w) {
      const Word& word = line_.words()[w];
      const std::size_t slot = slot_of(row, word, w - first);
      if ((seen >> slot & 1U) != 0)
        line_.fail(word.column, "operand '{}' twice, expected it once", word.name);
      seen |= 1U << slot;
      const OperandKind kind = info(*row.operands[slot]).kind;
      const auto value = word.quoted ? std::nullopt : assembly::parse_operand(kind, word.value);
      if (!value)
        line_.fail(word.value_column, "{} is '{}', expected {}", word.name, word.value,
                   assembly::expectation(kind));
      i.operands[slot] = *value;
    }
    for (std::size_t k = 0; k < kMaxOperands && row.operands[k]; ++k)
      if ((seen >> k & 1U) == 0)
        line_.fail(column(0), "{} has no operand '{}', expected {}=...", row.mnemonic,
                   info(*row.operands[k]).name, info(*row.operands[k]).name);
  }

  /// Operands usually stand in the row's order: `guess` is tried first.
  std::size_t slot_of(const OpcodeInfo& row, const Word& word, std::size_t guess) const {
    if (word.has_value) {
      const auto is_slot = [&](std::size_t k) {
        return k < kMaxOperands && row.operands[k] && info(*row.operands[k]).name == word.name;
      };
      if (is_slot(guess)) return guess;
      for (std::size_t k = 0; k < kMaxOperands; ++k)
        if (is_slot(k)) return k;
    }
    line_.fail(word.column, "'{}' is no operand of {}, expected name=value", word.name,
               row.mnemonic);
  }

  LineReader line_;
  Object object_;
  bool seen_version_ = false;
};

}  // namespace

Object assemble(const std::string& text, const std::string& file) {
  return Assembler(text, file).run();
}

}  // namespace unna
