#include <gtest/gtest.h>

// libsystemc has a main() and wants an sc_main(): the program's own main() wins.
extern "C++" int sc_main(int /*argc*/, char** /*argv*/) {
  return 1;
}

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
