# Everything comes from Debian's packages; `./dev` installs them (see its list).
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options)
find_package(PkgConfig REQUIRED)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
find_package(Protobuf REQUIRED)
find_package(ONNX CONFIG REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)

# Debian's SystemC has no CMake package. Its library exports only the C++17 API version symbol, so
# C++20 code says which one it links to.
pkg_check_modules(systemc REQUIRED IMPORTED_TARGET systemc)
add_library(SystemC::systemc INTERFACE IMPORTED)
target_link_libraries(SystemC::systemc INTERFACE PkgConfig::systemc)
target_compile_definitions(SystemC::systemc INTERFACE SC_CPLUSPLUS=201703L)
get_target_property(systemc_includes PkgConfig::systemc INTERFACE_INCLUDE_DIRECTORIES)
if(systemc_includes)
  target_include_directories(SystemC::systemc SYSTEM INTERFACE ${systemc_includes})
endif()

if(UNNASIM_TESTS)
  find_package(GTest REQUIRED)
endif()
if(UNNASIM_BENCH)
  find_package(benchmark REQUIRED)
endif()
