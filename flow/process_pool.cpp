#include "flow/process_pool.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/host.h"

namespace unna {

namespace {

/// The first byte that a child sends says what follows.
constexpr char kResult = 'R';
constexpr char kFailure = 'F';
constexpr char kCrash = 'C';

struct Child {
  pid_t pid = 0;
  int fd = -1;
  std::size_t index = 0;
  std::string received = {};
  Stopwatch running = {};
};

void send(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // the parent is gone
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string message_of(std::size_t index, const std::function<std::string(std::size_t)>& work) {
  const auto because = [](char kind, std::string_view text) {
    return fmt::format("{}{}", kind, text);
  };
  try {
    return kResult + work(index);
  } catch (const InputError& error) {
    return because(kFailure, error.what());
  } catch (const CapacityError& error) {
    return because(kFailure, error.what());
  } catch (const DeadlockError& error) {
    return because(kFailure, error.what());
  } catch (const std::exception& error) {
    return because(kCrash, error.what());
  }
}

[[noreturn]] void be_child(int fd, pid_t parent, std::size_t index,
                           const std::function<std::string(std::size_t)>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);     // a killed sweep leaves no orphans at work,
  if (::getppid() != parent) ::_exit(1);  // nor one that was killed just before
  send(fd, message_of(index, work));
  ::_exit(0);  // destructors and buffers belong to the parent
}

Child start(std::size_t index, const std::function<std::string(std::size_t)>& work) {
  std::fflush(nullptr);  // or the child would inherit, and print, what waits in buffers
  std::array<int, 2> ends{};
  invariant(::pipe(ends.data()) == 0, "no pipe: {}", std::strerror(errno));
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  invariant(pid >= 0, "no child process: {}", std::strerror(errno));
  if (pid == 0) {
    ::close(ends[0]);
    be_child(ends[1], parent, index, work);
  }
  ::close(ends[1]);
  return {pid, ends[0], index};
}

/// Signals that a program sends to itself by a fault, rather than gets from somebody.
bool is_fault(int signal) {
  constexpr int kFaults[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGTRAP, SIGPIPE};
  return std::find(std::begin(kFaults), std::end(kFaults), signal) != std::end(kFaults);
}

int reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// Of a child that has closed its pipe.
ChildOutcome outcome_of(const Child& child) {
  const int status = reap(child.pid);
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    if (is_fault(signal))
      return {WorkEnd::crashed, fmt::format("crashed: {}", ::strsignal(signal))};
    return {WorkEnd::killed, fmt::format("killed from outside: {}", ::strsignal(signal))};
  }
  if (child.received.empty())
    return {WorkEnd::crashed, fmt::format("ended early with exit code {}", WEXITSTATUS(status))};
  const char kind = child.received.front();
  const WorkEnd end = kind == kResult    ? WorkEnd::done
                      : kind == kFailure ? WorkEnd::failed
                                         : WorkEnd::crashed;
  return {end, child.received.substr(1)};
}

/// Reads what is there; false at the end of the child's output.
bool receive(Child& child) {
  std::array<char, 4096> part{};
  const ssize_t size = ::read(child.fd, part.data(), part.size());
  if (size < 0) return errno == EINTR;
  child.received.append(part.data(), static_cast<std::size_t>(size));
  return size > 0;
}

class Pool {
 public:
  Pool(const PoolOptions& options,
       const std::function<void(std::size_t, const ChildOutcome&)>& done)
      : options_(options), done_(done) {}

  bool has_room() const {
    return running_.size() < static_cast<std::size_t>(std::max(options_.jobs, 1));
  }
  bool is_empty() const { return running_.empty(); }
  void add(Child child) { running_.push_back(std::move(child)); }

  /// Waits until a child has something to say or has had its time, and reports those that ended.
  void step() {
    std::vector<pollfd> polled;
    for (const Child& child : running_) polled.push_back({child.fd, POLLIN, 0});
    if (::poll(polled.data(), polled.size(), milliseconds_left()) < 0) return;
    for (std::size_t i = running_.size(); i-- > 0;) {
      if (polled[i].revents != 0 && !receive(running_[i]))
        end(i, outcome_of);
      else if (is_late(running_[i]))
        end(i, [this](const Child& child) { return stopped(child); });
    }
  }

 private:
  bool is_late(const Child& child) const {
    return options_.seconds && child.running.seconds() >= *options_.seconds;
  }

  ChildOutcome stopped(const Child& child) const {
    ::kill(child.pid, SIGKILL);
    reap(child.pid);
    return {WorkEnd::timeout, fmt::format("took longer than {:g} s", *options_.seconds)};
  }

  /// Until the first child has had its time; -1: there is no limit.
  int milliseconds_left() const {
    if (!options_.seconds) return -1;
    double least = *options_.seconds;
    for (const Child& child : running_)
      least = std::min(least, *options_.seconds - child.running.seconds());
    constexpr double kLongest = 1e6;  // well within an int
    return static_cast<int>(std::ceil(std::clamp(least * 1e3, 0.0, kLongest)));
  }

  template <class Outcome>
  void end(std::size_t i, Outcome outcome) {
    const Child child = std::move(running_[i]);
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
    const ChildOutcome how = outcome(child);
    ::close(child.fd);
    done_(child.index, how);
  }

  PoolOptions options_;
  const std::function<void(std::size_t, const ChildOutcome&)>& done_;
  std::vector<Child> running_;
};

}  // namespace

void run_in_children(std::size_t n, const PoolOptions& options,
                     const std::function<std::string(std::size_t)>& work,
                     const std::function<void(std::size_t, const ChildOutcome&)>& done) {
  Pool pool(options, done);
  for (std::size_t next = 0; next < n || !pool.is_empty(); pool.step())
    while (next < n && pool.has_room()) pool.add(start(next++, work));
}

ChildWork::ChildWork(const std::function<std::string()>& work) {
  const Child child = start(0, [&](std::size_t) { return work(); });
  pid_ = child.pid;
  fd_ = child.fd;
}

ChildWork::~ChildWork() {
  if (!pid_) return;
  ::kill(*pid_, SIGKILL);
  wait();
}

ChildOutcome ChildWork::wait() {
  Child child{*pid_, fd_, 0};
  while (receive(child)) {
  }
  ::close(fd_);
  pid_.reset();
  return outcome_of(child);
}

}  // namespace unna
