/** Ages of packets that carry the time they were sent at: for benches with both ends on one machine. */
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "bytes.hpp"
#include "clock.hpp"

namespace weir {

/** At the end of a payload: a mark, and the monotonic clock in ns. */
constexpr size_t kStampBytes = 16;
constexpr uint64_t kStampMark = 0x77656972'74696d65;  // "weirtime"

inline void writeStamp(uint8_t* at, Nanoseconds now) {
  writeU64(at, kStampMark);
  writeU64(at + 8, static_cast<uint64_t>(now));
}

inline std::optional<Nanoseconds> readStamp(Bytes payload) {
  if (payload.size() < kStampBytes) return std::nullopt;
  const uint8_t* stamp = payload.data() + payload.size() - kStampBytes;
  if (readU64(stamp) != kStampMark) return std::nullopt;
  return static_cast<Nanoseconds>(readU64(stamp + 8));
}

/** A distribution in steps of 2 %, from 1 µs up. */
class Latency {
 public:
  struct Spread {
    uint64_t count;
    double p50Ms;
    double p99Ms;
    double maxMs;
  };

  void add(Nanoseconds age) {
    const double microseconds = std::max<double>(1, static_cast<double>(age) / 1'000);
    const auto step = static_cast<size_t>(std::log(microseconds) / std::log(kStep));
    counts_[std::min(step, counts_.size() - 1)] += 1;
    count_ += 1;
    max_ = std::max(max_, age);
  }

  /** Of what was added since the last time; nothing where nothing was. */
  std::optional<Spread> take() {
    if (count_ == 0) return std::nullopt;
    const Spread spread{count_, quantile(0.5), quantile(0.99), static_cast<double>(max_) / kMillisecond};
    *this = {};
    return spread;
  }

 private:
  static constexpr double kStep = 1.02;

  double quantile(double share) const {
    uint64_t seen = 0;
    for (size_t step = 0; step < counts_.size(); ++step) {
      seen += counts_[step];
      if (static_cast<double>(seen) >= share * static_cast<double>(count_)) {
        return std::pow(kStep, static_cast<double>(step) + 0.5) / 1'000;
      }
    }
    return static_cast<double>(max_) / kMillisecond;
  }

  /** Up to 100 s. */
  std::array<uint64_t, 932> counts_{};
  uint64_t count_ = 0;
  Nanoseconds max_ = 0;
};

}  // namespace weir
