#include <csignal>
#include <cstdio>

#include "cli/commands.h"

// libsystemc has a main() of its own that calls sc_main(): ours, being in the program, wins, and
// this definition only satisfies the library's reference.
extern "C++" int sc_main(int /*argc*/, char** /*argv*/) {
  std::fputs("unnasim: SystemC's main() was linked instead of its own\n", stderr);
  return unna::kExitInternal;
}

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_DFL);  // `unnasim disasm ... | head` ends quietly
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow (ulimit -f) is an error of the write
  return unna::run_program({argv + 1, argv + argc});
}
