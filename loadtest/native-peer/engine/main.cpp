/**
 * The engine of native load peers: commands on its standard input, what happens on its standard output, a JSON object a line. It ends
 * with its input. `load-peers <folder loadtest/media>`, or `load-peers --self-test`.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>

#include "engine.hpp"
#include "self_test.hpp"

namespace {

using weir::kMillisecond;
using weir::Nanoseconds;

/** No peer has this number. */
constexpr uint32_t kStandardInput = UINT32_MAX;
constexpr uint32_t kStandardOutput = UINT32_MAX - 1;
constexpr Nanoseconds kTick = 5 * kMillisecond;
/**
 * Turns are this far apart at least: many packets are then read at once. Nothing that is measured is made later by it, as
 * the system notes when each packet came.
 */
constexpr Nanoseconds kTurn = 2 * kMillisecond;
constexpr size_t kLongestLine = 4u << 20;

/** Whole lines of the standard input. */
class Lines {
 public:
  /** False at the end of the input. */
  template <typename Take>
  bool read(Take take) {
    std::array<char, 65'536> part;
    for (;;) {
      const ssize_t count = ::read(STDIN_FILENO, part.data(), part.size());
      if (count == 0) return false;
      if (count < 0) return errno == EAGAIN || errno == EINTR;
      begun_.append(part.data(), static_cast<size_t>(count));
      size_t from = 0;
      for (size_t end; (end = begun_.find('\n', from)) != std::string::npos; from = end + 1) {
        take(begun_.substr(from, end - from));
      }
      begun_.erase(0, from);
      if (begun_.size() > kLongestLine) throw std::runtime_error("a command is too long");
    }
  }

 private:
  std::string begun_;
};

void watch(int epoll, int descriptor, uint32_t data, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = data;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0) return;
  if (epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event) != 0) throw std::runtime_error("epoll");
}

void allowManySockets() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void run(const char* mediaFolder) {
  allowManySockets();
  signal(SIGPIPE, SIG_IGN);
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
  fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
  watch(epoll, STDIN_FILENO, kStandardInput, EPOLLIN);
  weir::Says says;
  weir::Engine engine(epoll, mediaFolder, says);
  Lines lines;
  std::array<epoll_event, 512> events;
  Nanoseconds tickedAt = 0;
  says.flush(STDOUT_FILENO);
  for (;;) {
    const Nanoseconds turnedAt = weir::monotonicNow();
    const int patience = engine.isIdle() ? -1 : static_cast<int>(kTick / kMillisecond);
    const int count = epoll_wait(epoll, events.data(), events.size(), patience);
    for (int each = 0; each < count; ++each) {
      const uint32_t which = events[static_cast<size_t>(each)].data.u32;
      if (which == kStandardOutput) continue;
      if (which != kStandardInput) engine.socketIsReady(which);
      else if (!lines.read([&](const std::string& line) { engine.obey(line); })) return;
    }
    const Nanoseconds now = weir::monotonicNow();
    if (now - tickedAt >= kTick) {
      tickedAt = now;
      engine.tick(now);
    }
    says.flush(STDOUT_FILENO);
    if (says.isWaiting()) watch(epoll, STDOUT_FILENO, kStandardOutput, EPOLLOUT | EPOLLET);
    const Nanoseconds early = turnedAt + kTurn - weir::monotonicNow();
    if (early > 0 && !engine.isIdle()) {
      const timespec pause{0, early};
      nanosleep(&pause, nullptr);
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1 && std::strcmp(arguments[1], "--self-test") == 0) return weir::selfTest() == 0 ? 0 : 1;
  try {
    run(count > 1 ? arguments[1] : ".");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load peers: %s\n", error.what());
    return 1;
  }
}
