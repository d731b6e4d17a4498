// The module unnasim._unnasim: the C interface with NumPy arrays in and out. What people call is
// unnasim/__init__.py.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "bindings/unnasim.h"

namespace py = pybind11;

namespace {

using Integers = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>;
using Pairs = py::array_t<std::uint32_t, py::array::c_style | py::array::forcecast>;
using Problem = std::unique_ptr<unnasim_problem, decltype(&unnasim_problem_free)>;
using Made = std::unique_ptr<unnasim_plan, decltype(&unnasim_plan_free)>;

/// No plan within the capacity was found.
struct DoesNotFit : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void require(int code) {
  if (code == UNNASIM_OK) return;
  const std::string why = unnasim_error();
  if (code == UNNASIM_BAD_INPUT) throw py::value_error(why);
  if (code == UNNASIM_TOO_LARGE) throw DoesNotFit(why);
  throw std::runtime_error(why);
}

void add_pairs(const Pairs& pairs, unnasim_problem* problem,
               int (*add)(unnasim_problem*, std::uint32_t, std::uint32_t)) {
  if (pairs.size() == 0) return;
  if (pairs.ndim() != 2 || pairs.shape(1) != 2)
    throw py::value_error("expected pairs of buffers, an array of shape (m, 2)");
  const auto rows = pairs.unchecked<2>();
  for (py::ssize_t i = 0; i < rows.shape(0); ++i) require(add(problem, rows(i, 0), rows(i, 1)));
}

/// Rows of two buffers and a weight.
void add_avoided(const Integers& avoid, unnasim_problem* problem) {
  if (avoid.size() == 0) return;
  const auto rows = avoid.unchecked<2>();
  for (py::ssize_t i = 0; i < rows.shape(0); ++i)
    require(unnasim_avoid(problem, static_cast<std::uint32_t>(rows(i, 0)),
                          static_cast<std::uint32_t>(rows(i, 1)), rows(i, 2)));
}

/// `buffers`: a row (size, alignment, lower, upper) each.
Problem problem_of(const Integers& buffers, const Pairs& apart, const Pairs& order,
                   const Pairs& in_place, const py::object& capacity) {
  if (buffers.ndim() != 2 || buffers.shape(1) != 4)
    throw py::value_error("expected rows of size, alignment, lower, upper");
  Problem problem(unnasim_problem_new(), unnasim_problem_free);
  const auto rows = buffers.unchecked<2>();
  for (py::ssize_t i = 0; i < rows.shape(0); ++i)
    require(unnasim_add_buffer(problem.get(), rows(i, 0), rows(i, 1), rows(i, 2), rows(i, 3)));
  add_pairs(apart, problem.get(), unnasim_keep_apart);
  add_pairs(order, problem.get(), unnasim_add_edge);
  add_pairs(in_place, problem.get(), unnasim_in_place);
  if (!capacity.is_none())
    require(unnasim_set_capacity(problem.get(), capacity.cast<std::int64_t>()));
  return problem;
}

template <class T>
py::array_t<T> copied(const T* values, std::size_t n) {
  return py::array_t<T>(static_cast<py::ssize_t>(n), values);
}

py::dict plan(const Integers& buffers, const Pairs& apart, const Pairs& order,
              const Pairs& in_place, const Integers& avoid, const py::object& capacity,
              const std::string& planner, double time_limit, std::uint64_t seed, int threads) {
  const Problem problem = problem_of(buffers, apart, order, in_place, capacity);
  add_avoided(avoid, problem.get());
  const unnasim_options options = {sizeof options, planner.c_str(), time_limit, seed, threads};
  unnasim_plan* made = nullptr;
  int code = UNNASIM_OK;
  {
    const py::gil_scoped_release others_go_on;
    code = unnasim_make_plan(problem.get(), &options, &made);
  }
  require(code);
  const Made result(made, unnasim_plan_free);
  py::dict found;
  found["offsets"] = copied(unnasim_plan_offsets(made), unnasim_plan_size(made));
  found["peak"] = unnasim_plan_peak(made);
  found["lower_bound"] = unnasim_plan_bound(made);
  found["proved_optimal"] = unnasim_plan_is_optimal(made) != 0;
  found["waits"] = unnasim_plan_waits(made);
  found["waits_bound"] = unnasim_plan_waits_bound(made);
  found["bound_buffers"] = copied(unnasim_plan_bound_buffers(made), unnasim_plan_bound_size(made));
  return found;
}

py::tuple check(const Integers& buffers, const Pairs& apart, const Pairs& order,
                const Pairs& in_place, const py::object& capacity, const Integers& offsets) {
  const Problem problem = problem_of(buffers, apart, order, in_place, capacity);
  std::size_t violations = 0;
  require(unnasim_check(problem.get(), offsets.data(), static_cast<std::size_t>(offsets.size()),
                        &violations));
  return py::make_tuple(violations, std::string(unnasim_error()));
}

}  // namespace

PYBIND11_MODULE(_unnasim, module) {
  py::register_exception<DoesNotFit>(module, "DoesNotFit", PyExc_MemoryError);
  module.attr("version") = unnasim_version();
  module.def("plan", &plan);
  module.def("check", &check);
}
