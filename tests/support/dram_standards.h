#pragma once

// Memories that tests name.

#include "configs/dram_standard.h"

namespace unna {

inline const DramStandard kDdr4 = find_dram_standard("ddr4-2400").value();
inline const DramStandard kLpddr4 = find_dram_standard("lpddr4-3200").value();
inline const DramStandard kHbm2 = find_dram_standard("hbm2").value();
inline const DramStandard kDdr5 = find_dram_standard("ddr5-4800").value();
inline const DramStandard kLpddr5 = find_dram_standard("lpddr5-6400").value();
inline const DramStandard kHbm3 = find_dram_standard("hbm3").value();

}  // namespace unna
