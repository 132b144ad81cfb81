/** Times: the monotonic clock in ns; what the kernel stamps packets with is brought onto it. */
#pragma once
#include <ctime>
#include <cstdint>

namespace weir {

using Nanoseconds = int64_t;

constexpr Nanoseconds kMillisecond = 1'000'000;
constexpr Nanoseconds kSecond = 1'000 * kMillisecond;

inline Nanoseconds read(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

inline Nanoseconds monotonicNow() { return read(CLOCK_MONOTONIC); }

/** Since 1970. */
inline Nanoseconds wallNow() { return read(CLOCK_REALTIME); }

/** RFC 3550, 4: seconds since 1900 and their fraction. */
inline uint64_t ntpNow() {
  constexpr uint64_t kFrom1900 = 2'208'988'800;
  const auto wall = static_cast<uint64_t>(wallNow());
  const uint64_t fraction = ((wall % kSecond) << 32) / kSecond;
  return (wall / kSecond + kFrom1900) << 32 | fraction;
}

}  // namespace weir
