#include "receive/transport_cc.hpp"

#include <algorithm>

namespace weir {
namespace {

constexpr Nanoseconds kDeltaUnit = kMillisecond / 4;
constexpr int64_t kReferenceUnits = 256;  // of 250 µs: 64 ms
/** Fits a datagram whatever the deltas are. */
constexpr size_t kMostStatuses = 400;
/** Chromium gives 5 % of what it receives to this feedback, within bounds. */
constexpr Nanoseconds kSoonest = 50 * kMillisecond;
constexpr Nanoseconds kLatest = 100 * kMillisecond;
constexpr double kFeedbackBits = 68 * 8;
constexpr double kShare = 0.05;
/** More is told at once. */
constexpr size_t kMostNoted = 300;

enum Status : uint8_t { kNotReceived = 0, kSmallDelta = 1, kLargeDelta = 2 };

/** 3.1.3 and 3.1.4. */
void writeChunks(Writer& out, const std::vector<uint8_t>& statuses) {
  for (size_t at = 0; at < statuses.size();) {
    const size_t left = statuses.size() - at;
    size_t run = 1;
    while (run < left && run < 0x1fff && statuses[at + run] == statuses[at]) ++run;
    const auto begin = statuses.begin() + static_cast<ptrdiff_t>(at);
    const size_t inVector = std::min<size_t>(left, 14);
    const bool fitsOneBit = std::none_of(begin, begin + static_cast<ptrdiff_t>(inVector),
                                         [](uint8_t status) { return status == kLargeDelta; });
    if (run >= 14 || run == left || (run >= 7 && !fitsOneBit)) {
      out.u16(static_cast<uint32_t>(statuses[at] << 13 | run));
      at += run;
    } else if (fitsOneBit) {
      uint32_t chunk = 0x8000;
      for (size_t bit = 0; bit < inVector; ++bit) chunk |= static_cast<uint32_t>(statuses[at + bit]) << (13 - bit);
      out.u16(chunk);
      at += inVector;
    } else {
      uint32_t chunk = 0xc000;
      const size_t symbols = std::min<size_t>(left, 7);
      for (size_t symbol = 0; symbol < symbols; ++symbol) {
        chunk |= static_cast<uint32_t>(statuses[at + symbol]) << (12 - 2 * symbol);
      }
      out.u16(chunk);
      at += symbols;
    }
  }
}

}  // namespace

size_t writeTransportFeedback(Writer out, uint32_t senderSsrc, uint32_t mediaSsrc, uint8_t count,
                              const std::vector<PacketArrival>& arrivals) {
  const int64_t base = arrivals[0].sequence;
  const int64_t reference = arrivals[0].at / kDeltaUnit / kReferenceUnits;
  std::vector<uint8_t> statuses;
  std::vector<int16_t> deltas;
  int64_t last = reference * kReferenceUnits;
  size_t taken = 0;
  for (const auto [sequence, at] : arrivals) {
    const int64_t delta = at / kDeltaUnit - last;
    if (delta < INT16_MIN || delta > INT16_MAX) break;
    const auto place = static_cast<size_t>(sequence - base);
    if (place >= kMostStatuses) break;
    statuses.resize(place, kNotReceived);
    statuses.push_back(delta >= 0 && delta <= 0xff ? kSmallDelta : kLargeDelta);
    deltas.push_back(static_cast<int16_t>(delta));
    last += delta;
    taken += 1;
  }
  std::vector<uint8_t> body;
  Writer content(body);
  content.u32(senderSsrc);
  content.u32(mediaSsrc);
  content.u16(static_cast<uint16_t>(base));
  content.u16(static_cast<uint32_t>(statuses.size()));
  content.u24(static_cast<uint32_t>(reference) & 0xff'ffff);
  content.u8(count);
  writeChunks(content, statuses);
  for (const int16_t delta : deltas) {
    if (delta >= 0 && delta <= 0xff) content.u8(static_cast<uint32_t>(delta));
    else content.u16(static_cast<uint16_t>(delta));
  }
  content.pad(4);
  constexpr uint32_t kVersionAndFormat = 0x80 | 15;
  constexpr uint32_t kTransportFeedback = 205;
  out.u8(kVersionAndFormat);
  out.u8(kTransportFeedback);
  out.u16(static_cast<uint32_t>(body.size() / 4));
  out.bytes(body);
  return taken;
}

void ArrivalLog::note(uint16_t low, size_t bytes, Nanoseconds at) {
  if (highest_ < 0) highest_ = low + 0x1'0000;
  const int64_t sequence = unwrap(highest_, low);
  bytes_ += bytes;
  highest_ = std::max(highest_, sequence);
  if (sequence < toldBefore_) return;
  if (arrivals_.empty()) dueAt_ = std::max(at, toldAt_ + every_);
  arrivals_.push_back({sequence, at});
  if (arrivals_.size() >= kMostNoted) dueAt_ = 0;
}

void ArrivalLog::write(Writer out, uint32_t senderSsrc, uint32_t mediaSsrc, Nanoseconds now) {
  std::stable_sort(arrivals_.begin(), arrivals_.end(),
                   [](const PacketArrival& one, const PacketArrival& other) { return one.sequence < other.sequence; });
  const auto isSame = [](const PacketArrival& one, const PacketArrival& other) { return one.sequence == other.sequence; };
  arrivals_.erase(std::unique(arrivals_.begin(), arrivals_.end(), isSame), arrivals_.end());
  const size_t told = writeTransportFeedback(out, senderSsrc, mediaSsrc, count_++, arrivals_);
  toldBefore_ = arrivals_[told - 1].sequence + 1;
  arrivals_.erase(arrivals_.begin(), arrivals_.begin() + static_cast<ptrdiff_t>(told));
  if (!arrivals_.empty()) {
    dueAt_ = now;
    return;
  }
  const double bitrate = 8.0 * static_cast<double>(bytes_) * kSecond / static_cast<double>(now - toldAt_ + 1);
  const double every = kFeedbackBits / (kShare * bitrate + 1) * kSecond;
  every_ = std::clamp(static_cast<Nanoseconds>(every), kSoonest, kLatest);
  toldAt_ = now;
  bytes_ = 0;
}

}  // namespace weir
