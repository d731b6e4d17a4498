// The scalar functions of networks as those of the instruction set.

#include "base/error.h"
#include "compiler/lowering.h"

namespace unna {

Function isa_function(ScalarFn fn) {
  switch (fn) {
    case ScalarFn::identity:
      return Function::none;
    case ScalarFn::relu:
      return Function::relu;
    case ScalarFn::clip:
      return Function::clip;
    case ScalarFn::leaky_relu:
      return Function::leaky_relu;
    case ScalarFn::sigmoid:
      return Function::sigmoid;
    case ScalarFn::tanh:
      return Function::tanh;
    case ScalarFn::hard_sigmoid:
      return Function::hard_sigmoid;
    case ScalarFn::hard_swish:
      return Function::hard_swish;
    case ScalarFn::gelu:
      return Function::gelu;
    case ScalarFn::silu:
      return Function::silu;
    case ScalarFn::exp:
      return Function::exp;
    case ScalarFn::sqrt:
      return Function::sqrt;
    case ScalarFn::reciprocal:
      return Function::reciprocal;
    case ScalarFn::erf:
      return Function::erf;
    case ScalarFn::pow:
      return Function::pow;
    case ScalarFn::log:
      return Function::log;
    case ScalarFn::abs:
      return Function::abs;
    case ScalarFn::neg:
      return Function::neg;
    case ScalarFn::round:
      return Function::round;
    case ScalarFn::add:
      return Function::add;
    case ScalarFn::sub:
      return Function::sub;
    case ScalarFn::mul:
      return Function::mul;
    case ScalarFn::div:
      return Function::div;
    case ScalarFn::max:
      return Function::max;
    case ScalarFn::min:
      return Function::min;
  }
  throw InternalError("unknown scalar function");
}

}  // namespace unna
