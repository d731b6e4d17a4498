#include <set>

#include "isa/assembly.h"
#include "isa/verify_checks.h"

namespace unna {
namespace detail {

void Site::fail(std::string_view message) const {
  const Instruction& i = instruction();
  const bool known = static_cast<std::size_t>(i.opcode) < kOpcodes.size();
  throw InputError(fmt::format("{}: core {}, pc {}: `{}`: {}", assembly::quoted(object.network),
                               core, pc, known ? disassemble(i) : "?", message));
}

}  // namespace detail

namespace {

using detail::Site;

template <class... Args>
[[noreturn]] void reject(const Object& object, fmt::format_string<Args...> format, Args&&... args) {
  throw InputError(fmt::format("{}: {}", assembly::quoted(object.network),
                               fmt::format(format, std::forward<Args>(args)...)));
}

void check_buffers(const Object& object) {
  std::set<std::string_view> names;
  for (const BufferInfo& buffer : object.buffers) {
    if (buffer.size < 0)
      reject(object, "buffer {} has {} bytes, expected 0 or more", assembly::quoted(buffer.name),
             buffer.size);
    if (!names.insert(buffer.name).second)
      reject(object, "two buffers are called {}, expected different names",
             assembly::quoted(buffer.name));
  }
}

void check_layer_ids(const Object& object, const std::vector<OpId>& layers, std::string_view what) {
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].index() >= object.layers.size())
      reject(object, "{} name layer {}, expected one below {}", what, layers[i].value,
             object.layers.size());
    if (i > 0 && layers[i] <= layers[i - 1])
      reject(object, "{} are not ascending, expected each layer once, in order", what);
  }
}

void check_tables(const Object& object) {
  check_buffers(object);
  if (!object.layer_inputs.empty() && object.layer_inputs.size() != object.layers.size())
    reject(object, "inputs of {} layers are given, expected {}", object.layer_inputs.size(),
           object.layers.size());
  for (std::size_t i = 0; i < object.layer_inputs.size(); ++i)
    check_layer_ids(object, object.layer_inputs[i], fmt::format("inputs of layer {}", i));
  for (const TopologyUse& use : object.topology) {
    if (use.buffer.index() >= object.buffers.size())
      reject(object, "the topology names buffer b{}, expected one below b{}", use.buffer.value,
             object.buffers.size());
    const std::string name = assembly::quoted(object.buffers[use.buffer.index()].name);
    check_layer_ids(object, use.writers, fmt::format("writers of {}", name));
    check_layer_ids(object, use.readers, fmt::format("readers of {}", name));
  }
}

/// One halt, at the end; everything in it a known instruction with operands that fit.
void check_stream(const Object& object, std::size_t core) {
  const std::vector<Instruction>& stream = object.streams[core];
  for (std::size_t pc = 0; pc < stream.size(); ++pc) {
    const Site site{object, core, pc};
    detail::check_operands(site);
    if (stream[pc].opcode == Opcode::halt && pc + 1 != stream.size())
      site.reject("instructions follow, expected the core's only halt at its end");
  }
  if (stream.empty()) reject(object, "core {} has no instruction, expected a halt", core);
  if (stream.back().opcode != Opcode::halt)
    Site{object, core, stream.size() - 1}.reject("is the core's last, expected a halt");
}

}  // namespace

void verify(const Object& object) {
  if (object.streams.empty() || object.streams.size() > static_cast<std::size_t>(kMaxCores))
    reject(object, "{} instruction streams, expected 1 to {}", object.streams.size(), kMaxCores);
  check_tables(object);
  for (std::size_t core = 0; core < object.streams.size(); ++core) {
    check_stream(object, core);
    detail::check_tokens(object, core);
    detail::check_hazards(object, core);
  }
  detail::check_synchronisation(object);
}

}  // namespace unna
