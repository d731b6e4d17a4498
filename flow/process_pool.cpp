#include "flow/process_pool.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace unna {

namespace {

/// The first byte that a child sends says what follows.
constexpr char kResult = 'R';
constexpr char kFailure = 'F';

struct Child {
  pid_t pid = 0;
  int fd = -1;
  std::size_t index = 0;
  std::string received;
};

void send(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // the parent is gone
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

[[noreturn]] void be_child(int fd, std::size_t index,
                           const std::function<std::string(std::size_t)>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a killed sweep leaves no orphans at work
  std::string message;
  try {
    message = kResult + work(index);
  } catch (const std::exception& error) {
    message = std::string(1, kFailure) + error.what();
  }
  send(fd, message);
  ::_exit(0);  // destructors and buffers belong to the parent
}

Child start(std::size_t index, const std::function<std::string(std::size_t)>& work) {
  std::fflush(nullptr);  // or the child would inherit, and print, what waits in buffers
  std::array<int, 2> ends{};
  invariant(::pipe(ends.data()) == 0, "no pipe: {}", std::strerror(errno));
  const pid_t pid = ::fork();
  invariant(pid >= 0, "no child process: {}", std::strerror(errno));
  if (pid == 0) {
    ::close(ends[0]);
    be_child(ends[1], index, work);
  }
  ::close(ends[1]);
  return {pid, ends[0], index, {}};
}

ChildOutcome outcome_of(const Child& child) {
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status))
    return {false, fmt::format("crashed: {}", ::strsignal(WTERMSIG(status)))};
  if (child.received.empty())
    return {false, fmt::format("ended early with exit code {}", WEXITSTATUS(status))};
  return {child.received.front() == kResult, child.received.substr(1)};
}

/// Reads what is there; false at the end of the child's output.
bool receive(Child& child) {
  std::array<char, 4096> part{};
  const ssize_t size = ::read(child.fd, part.data(), part.size());
  if (size < 0) return errno == EINTR;
  child.received.append(part.data(), static_cast<std::size_t>(size));
  return size > 0;
}

/// Waits until a child has something to say, and returns the ones that have.
std::vector<std::size_t> ready(const std::vector<Child>& children) {
  std::vector<pollfd> polled;
  polled.reserve(children.size());
  for (const Child& child : children) polled.push_back({child.fd, POLLIN, 0});
  std::vector<std::size_t> result;
  if (::poll(polled.data(), polled.size(), -1) < 0) return result;
  for (std::size_t i = 0; i < polled.size(); ++i)
    if (polled[i].revents != 0) result.push_back(i);
  return result;
}

}  // namespace

void run_in_children(std::size_t n, int jobs, const std::function<std::string(std::size_t)>& work,
                     const std::function<void(std::size_t, const ChildOutcome&)>& done) {
  std::vector<Child> running;
  std::size_t next = 0;
  while (next < n || !running.empty()) {
    while (next < n && running.size() < static_cast<std::size_t>(std::max(jobs, 1)))
      running.push_back(start(next++, work));
    std::vector<std::size_t> ended;
    for (const std::size_t i : ready(running))
      if (!receive(running[i])) ended.push_back(i);
    for (auto i = ended.rbegin(); i != ended.rend(); ++i) {
      const Child child = std::move(running[*i]);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(*i));
      ::close(child.fd);
      done(child.index, outcome_of(child));
    }
  }
}

ChildWork::ChildWork(const std::function<std::string()>& work) {
  const Child child = start(0, [&](std::size_t) { return work(); });
  pid_ = child.pid;
  fd_ = child.fd;
}

ChildWork::~ChildWork() {
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  wait();
}

ChildOutcome ChildWork::wait() {
  Child child{pid_, fd_, 0, {}};
  while (receive(child)) {
  }
  ::close(fd_);
  pid_ = 0;
  return outcome_of(child);
}

}  // namespace unna
