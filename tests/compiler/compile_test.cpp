#include "compiler/compile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "compiler/walk.h"
#include "cost/dimensions.h"

namespace unna {
namespace {

Graph network(const std::string& name) {
  return load_workload(std::string(UNNASIM_SOURCE_DIR) + "/workloads/" + name + ".yaml");
}

TEST(Compile, SameInputSameBytes) {
  const Graph g = network("squeezenet1_1");
  const MachineConfig m = preset_machine(4);
  EXPECT_EQ(encode_object(compile(g, m, {}).object), encode_object(compile(g, m, {}).object));
}

TEST(Compile, TextAndBinaryRoundTripOnAWholeNetwork) {
  const Object o = compile(network("blazeface"), preset_machine(4), {}).object;
  EXPECT_EQ(assemble(disassemble(o), "text"), o);
  EXPECT_EQ(decode_object(encode_object(o), "binary"), o);
}

TEST(Compile, EveryShippedNetworkExecutesTheMacsOfItsGraph) {
  for (const char* name :
       {"alexnet", "blazeface", "deeplab_v3", "densenet121", "googlenet", "inception_v3", "lstm",
        "mobilenet_v1", "mobilenet_v2", "posenet", "resnet18", "resnet50", "squeezenet1_1",
        "transformer_encoder", "vgg16"}) {
    const Graph g = network(name);
    for (const std::int64_t cores : {1, 4, 16}) {
      const Object o = compile(g, preset_machine(cores), {}).object;
      std::vector<Macs> executed(o.layers.size());
      for (const auto& stream : o.streams)
        for (const Instruction& i : stream) executed[i.op.index()] += macs(i);
      Macs sum = 0;
      for (std::size_t l = 0; l < executed.size(); ++l) {
        EXPECT_EQ(executed[l], o.layers[l].macs) << name << " " << o.layers[l].name;
        sum += executed[l];
      }
      EXPECT_EQ(sum, total_macs(g)) << name;
    }
  }
}

TEST(Compile, BandsStoreTheSameBytesInMoreBuffers) {
  const Graph g = network("mobilenet_v2");
  const MachineConfig m = preset_machine(4);
  const auto intermediates = [&](Granularity granularity) {
    CompileOptions options;
    options.granularity = granularity;
    std::pair<std::size_t, Bytes> count{0, 0};
    for (const BufferInfo& b : compile(g, m, options).object.buffers)
      if (b.kind == BufferKind::intermediate) count = {count.first + 1, count.second + b.size};
    return count;
  };
  const auto tensor = intermediates(Granularity::tensor);
  const auto slice = intermediates(Granularity::slice);
  const auto band = intermediates(Granularity::band);
  EXPECT_EQ(tensor.second, slice.second);
  EXPECT_EQ(tensor.second, band.second);
  EXPECT_LT(tensor.first, slice.first);
  EXPECT_LT(slice.first, band.first);
}

TEST(Compile, OneCoreNeedsNoBarrier) {
  const Object o = compile(network("resnet18"), preset_machine(1), {}).object;
  for (const Instruction& i : o.streams[0]) EXPECT_NE(i.opcode, Opcode::barrier);
}

TEST(Compile, MoreThanOneBarrierALayerIsNeverNeededWithoutBranches) {
  CompileOptions options;
  options.partition = Partition::rows;
  const Object o = compile(network("resnet50"), preset_machine(4), options).object;
  for (const auto& stream : o.streams) {
    std::vector<int> barriers(o.layers.size());
    for (const Instruction& i : stream) barriers[i.op.index()] += i.opcode == Opcode::barrier;
    EXPECT_EQ(*std::max_element(barriers.begin(), barriers.end()), 1);
  }
}

TEST(Compile, EachPartitionStrategyDividesTheWayItSays) {
  const Graph g = network("resnet18");
  const MachineConfig m = preset_machine(4);
  CompileOptions options;
  options.partition = Partition::rows;
  EXPECT_NE(compile(g, m, options).partition.find("batch 1 x rows 4 x channels 1"),
            std::string::npos);
  options.partition = Partition::channels;
  EXPECT_NE(compile(g, m, options).partition.find("batch 1 x rows 1 x channels 4"),
            std::string::npos);
}

TEST(Compile, ConstantsThatDoNotFitTheSynapseBufferComeInPieces) {
  MachineConfig m = preset_machine(1);
  m.core.sb_bytes = 1024;  // gamma and beta of 256 elements take 1,536
  const Object o = compile(network("transformer_encoder"), m, {}).object;
  EXPECT_TRUE(std::ranges::any_of(o.streams[0],
                                  [](const Instruction& i) { return i.opcode == Opcode::stats; }));
}

TEST(Compile, BufferTooSmallForATileSaysWhichOperator) {
  MachineConfig m = preset_machine(1);
  m.core.nbin_bytes = 64;
  const Graph graph = parse_workload(
      "name: n\ninputs: {x: [1, 96, 3, 3]}\nops: [{op: lrn, name: lrn1}]\n", "net.yaml");
  try {
    compile(graph, m, {});
    FAIL() << "a row of 96 elements fitted 64 bytes";
  } catch (const CapacityError& e) {
    EXPECT_EQ(std::string(e.what()).find("lrn1: a row of 96"), 0U) << e.what();
  }
}

TEST(Compile, BranchesRunSideBySide) {
  CompileOptions options;
  options.partition = Partition::branches;
  const Object o = compile(network("googlenet"), preset_machine(4), options).object;
  EXPECT_TRUE(o.parallel_layers);
  verify(o);
}

/// Two branches read what two of four cores wrote. The cores of the other two have to wait for it,
/// and did so by meeting those two when they were through with their own branch.
TEST(Compile, BranchesDoNotWaitForOneAnother) {
  const Graph graph = parse_workload(
      "name: n\n"
      "inputs: {x: [1, 16, 2, 40]}\n"
      "ops:\n"
      "  - {op: conv, name: stem, channels: 16, kernel: 1}\n"
      "  - {op: conv, name: a, from: stem, channels: 16, kernel: 1}\n"
      "  - {op: conv, name: b1, from: stem, channels: 16, kernel: 3, pad: 1}\n"
      "  - {op: conv, name: b2, from: b1, channels: 16, kernel: 1}\n"
      "  - {op: binary, fn: add, name: sum, from: [a, b2]}\n",
      "net.yaml");
  CompileOptions options;
  options.partition = Partition::branches;
  const Object o = compile(graph, preset_machine(4), options).object;
  ASSERT_TRUE(o.parallel_layers);
  const auto layer = [&](std::string_view name) {
    return std::ranges::find(o.layers, name, &LayerInfo::name) - o.layers.begin();
  };
  const auto cores_of = [&](std::ptrdiff_t id) {
    std::uint32_t mask = 0;
    for (std::size_t c = 0; c < o.streams.size(); ++c)
      for (const Instruction& i : o.streams[c])
        if (i.opcode == Opcode::store && std::ssize(o.layers) > id &&
            i.op.index() == static_cast<std::size_t>(id))
          mask |= 1U << c;
    return mask;
  };
  const std::uint32_t a = cores_of(layer("a"));
  const std::uint32_t b = cores_of(layer("b1")) | cores_of(layer("b2"));
  ASSERT_NE(a, 0U);
  ASSERT_NE(b, 0U);
  EXPECT_EQ(a & b, 0U);
  // No core meets behind its branch's first store those that have a store of the other one to come.
  std::map<std::uint32_t, std::uint32_t> begun, to_end;  // cores by barrier
  for (std::size_t c = 0; c < o.streams.size(); ++c) {
    const auto of_branch = [&](const Instruction& i) {
      const auto id = static_cast<std::ptrdiff_t>(i.op.index());
      return i.opcode == Opcode::store && id >= layer("a") && id < layer("sum");
    };
    const auto& stream = o.streams[c];
    const auto first = std::ranges::find_if(stream, of_branch);
    const auto last = std::find_if(stream.rbegin(), stream.rend(), of_branch).base();
    for (auto i = stream.begin(); i != stream.end(); ++i) {
      if (i->opcode != Opcode::barrier) continue;
      if (i > first) begun[i->get(Operand::id)] |= 1U << c;
      if (i < last) to_end[i->get(Operand::id)] |= 1U << c;
    }
  }
  for (const auto& [id, cores] : begun) {
    EXPECT_TRUE((cores & a) == 0 || (to_end[id] & b) == 0) << "barrier " << id;
    EXPECT_TRUE((cores & b) == 0 || (to_end[id] & a) == 0) << "barrier " << id;
  }
}

/// On-chip addresses of the first load of input neurons of each unit.
std::vector<Bytes> first_loads(const Graph& graph, const WalkPlan& plan) {
  CompileOptions options;
  options.walks = std::make_shared<const WalkPlan>(plan);
  options.granularity = Granularity::lifetime;
  std::vector<Bytes> addresses;
  std::optional<OpId> last;
  const Object object = compile(graph, preset_machine(1), options).object;
  for (const Instruction& i : object.streams.front()) {
    if (i.opcode != Opcode::load_n) continue;
    if (last != i.op) addresses.push_back(i.local(Operand::out).offset);
    last = i.op;
  }
  return addresses;
}

TEST(Compile, UnitsOfAWalkTakeSlotsInTurn) {
  const Graph g = network("lenet5");
  const LoweredGraph lowered = lower_network(g, preset_machine(1));
  WalkPlan plan = layer_by_layer(lowered);
  for (const Bytes address : first_loads(g, plan)) EXPECT_EQ(address, 0);
  plan.walks.erase(plan.walks.begin() + 1, plan.walks.begin() + 4);
  plan.walks.front() = {{KernelId(0), KernelId(1), KernelId(2), KernelId(3)}, 5, Division::columns};
  const std::vector<Bytes> walked = first_loads(g, plan);
  EXPECT_GT(std::ranges::count_if(walked, [](Bytes address) { return address > 0; }), 3);
}

}  // namespace
}  // namespace unna
