#pragma once

// Networks, machines and sweeps that come with unnasim, by name: `resnet18` is
// workloads/resnet18.yaml of the source tree that the program was built in, or of share/unnasim
// beside an installed one.

#include <filesystem>
#include <string>
#include <vector>

namespace unna {

enum class Shipped { network, machine, sweep, energy_table };

/// The file itself where there is one of this name, or else the shipped one of this name. Throws
/// InputError where there is neither: names that look like files are missing files.
std::filesystem::path find_input(Shipped kind, const std::string& name);

/// Names of those that are shipped, sorted; none where the folder is not found.
std::vector<std::string> shipped_names(Shipped kind);

/// The folder that has them, in `workloads`, `configs` and so on; empty where there is none.
std::filesystem::path shipped_folder();

}  // namespace unna
