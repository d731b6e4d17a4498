#include "isa/instruction.h"

namespace unna {

Strided Strided::of(const Instruction& i) {
  using enum Operand;
  Strided s;
  s.run = i.count(run);
  s.n = {i.count(n1), i.count(n2), i.count(n3)};
  s.source = {i.count(s1), i.count(s2), i.count(s3)};
  s.destination = {i.count(d1), i.count(d2), i.count(d3)};
  return s;
}

StridedSide Strided::side(bool of_destination) const {
  StridedSide side;
  if (total() == 0) return side;
  side.run = this->run;
  const auto& stride = of_destination ? destination : source;
  for (std::size_t level = 0; level < n.size(); ++level) {
    if (n[level] <= 1) continue;
    if (side.levels == 0 && stride[level] == side.run) {
      side.run *= n[level];
      continue;
    }
    side.n[side.levels] = n[level];
    side.stride[side.levels] = stride[level];
    ++side.levels;
  }
  return side;
}

void Strided::put(Instruction& i) const {
  using enum Operand;
  i.set_count(Operand::run, this->run);
  i.set_count(n1, n[0]).set_count(n2, n[1]).set_count(n3, n[2]);
  i.set_count(s1, source[0]).set_count(s2, source[1]).set_count(s3, source[2]);
  i.set_count(d1, destination[0]).set_count(d2, destination[1]).set_count(d3, destination[2]);
}

}  // namespace unna
