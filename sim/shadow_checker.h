#pragma once

// Watches the data phases of all transfers and says which reads do not get the bytes that were
// written for their buffer. Shares no code with liveness or planners.
//
// Bytes belong to a buffer from the end of a write to it until the start of a write to another. A
// read is in order if all its bytes belong to its buffer from its start to its end, so that none
// is being written meanwhile. Two writes for different buffers that meet in space and time
// are a violation as well, but those of one core, whose order memory keeps. Strided accesses are
// checked run by run, exactly.

#include <cstdint>
#include <string>
#include <vector>

#include "isa/object.h"
#include "sim/shadow_map.h"
#include "sim/simulate.h"
#include "sim/strided_runs.h"

namespace unna {

/// Told of the data phases of DMA instructions in the order in which they happen.
class DramObserver {
 public:
  virtual void data_started(CoreId core, std::uint32_t pc) = 0;
  virtual void data_ended(CoreId core, std::uint32_t pc) = 0;

 protected:
  ~DramObserver() = default;
};

class ShadowChecker final : public DramObserver {
 public:
  static constexpr std::size_t kMaxViolations = 100;  ///< the rest is not listed

  /// Inputs and weights are written. `image` must outlive the checker.
  explicit ShadowChecker(const Image& image);

  void data_started(CoreId core, std::uint32_t pc) override;
  void data_ended(CoreId core, std::uint32_t pc) override;
  /// The program has ended: outputs are read as a whole.
  void check_outputs();

  std::vector<ShadowViolation> take() { return std::move(violations_); }

 private:
  struct Access {
    CoreId core;
    std::uint32_t pc = 0;
    BufferId buffer;
    bool write = false;
    bool reported = false;  ///< one violation a read is enough
    StridedRuns runs;       ///< absolute addresses
  };

  Access access_of(CoreId core, std::uint32_t pc) const;
  void check_read(Access& read);
  void check_write(const Access& write);
  void settle(const Access& write);
  void report_race(Access& access, const Access& other);
  void report(std::string message);

  const BufferInfo& buffer(BufferId id) const { return image_.object->buffers[id.index()]; }
  Bytes base(BufferId id) const { return image_.layout.base[id.index()]; }
  std::string describe(const Access& access) const;
  std::string describe(BufferId id) const;
  std::string describe_owner(const std::optional<BufferId>& owner) const;

  const Image& image_;
  ShadowMap owners_;
  std::vector<Access> under_way_;  ///< data phases, a few an engine at most
  std::vector<ShadowViolation> violations_;
};

}  // namespace unna
