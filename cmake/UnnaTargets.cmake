add_library(unna_options INTERFACE)
target_compile_options(unna_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
target_include_directories(unna_options INTERFACE ${PROJECT_SOURCE_DIR})
if(UNNASIM_SANITIZE)
  target_compile_options(unna_options INTERFACE
    -fsanitize=${UNNASIM_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(unna_options INTERFACE -fsanitize=${UNNASIM_SANITIZE})
endif()

if(UNNASIM_FUZZ)
  target_compile_options(unna_options INTERFACE -fsanitize=fuzzer-no-link,address)
  target_link_options(unna_options INTERFACE -fsanitize=address)
endif()

# Sources stand on their own all the same: preset dev compiles them one by one. Names in
# unnamed namespaces may repeat in sources that unna_alone() names.
if(UNNASIM_UNITY)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
endif()
function(unna_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# unna_library(name source...): static library unna_<name> of one layer.
function(unna_library name)
  add_library(unna_${name} STATIC ${ARGN})
  target_link_libraries(unna_${name} PUBLIC unna_options)
endfunction()

# Seconds that a test may take; sanitizers slow some down by ten times.
set(UNNASIM_TEST_TIMEOUT 300)
if(UNNASIM_SANITIZE)
  set(UNNASIM_TEST_TIMEOUT 3000)
endif()

# unna_test(name source...): GoogleTest executable of one layer, one ctest entry a test.
function(unna_test name)
  cmake_parse_arguments(arg "OWN_MAIN" "" "LIBS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_LIBS} GTest::gtest)
  if(NOT arg_OWN_MAIN)
    target_link_libraries(${name} PRIVATE GTest::gtest_main)
  endif()
  target_compile_definitions(${name} PRIVATE UNNASIM_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  # A third less time to compile; what takes time when tests run is in the libraries.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  gtest_discover_tests(${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT ${UNNASIM_TEST_TIMEOUT})
endfunction()
include(GoogleTest)
