#include "receive/arrivals.hpp"

#include <algorithm>
#include <utility>

namespace weir {
namespace {

/** As Chromium asks: at once, then every 100 ms as long as it knows no round trip, at most ten times. */
constexpr Nanoseconds kAskAgainAfter = 100 * kMillisecond;
constexpr int kMostAsks = 10;
/** A gap that is longer is none: the stream began anew. */
constexpr int64_t kLongestGap = 1'000;

}  // namespace

Arrivals::Fate Arrivals::take(uint16_t low, const MediaPacket& packet, bool resent, Nanoseconds now) {
  if (isFirst_) {
    isFirst_ = false;
    restart(low + 0x1'0000);
  }
  const int64_t sequence = unwrap(highest_, low);
  const bool begunAnew = sequence - highest_ > kLongestGap || (!resent && highest_ - sequence > kLongestGap);
  if (begunAnew) restart(sequence);
  if (sequence < next_ || waiting_.contains(sequence)) return Fate::kUseless;
  const auto missed = missing_.find(sequence);
  const bool wasAsked = missed != missing_.end() && missed->second.asked > 0;
  if (missed != missing_.end()) missing_.erase(missed);
  noteGap(std::max(next_, highest_ + 1), sequence, now);
  highest_ = std::max(highest_, sequence);
  if (sequence == next_) {
    ++next_;
    consumer_.take(packet, now);
    deliver(now);
  } else {
    waiting_.emplace(sequence, Waiting{packet, false});
    if (packet.video.startsFrame && packet.video.isKeyframe) keyframeAt_ = std::max(keyframeAt_, sequence);
    skipToKeyframe(now);
  }
  return resent || wasAsked ? Fate::kRepaired : Fate::kNew;
}

void Arrivals::restart(int64_t sequence) {
  lost_ += static_cast<uint32_t>(missing_.size());
  if (hasGap()) consumer_.lose();
  missing_.clear();
  waiting_.clear();
  keyframeAt_ = 0;
  next_ = sequence;
  highest_ = sequence - 1;
}

void Arrivals::noteGap(int64_t from, int64_t to, Nanoseconds now) {
  if (from < to) askAt_ = now;
  for (int64_t sequence = from; sequence < to; ++sequence) missing_.emplace(sequence, Missing{now, now, 0});
}

void Arrivals::deliver(Nanoseconds now) {
  while (!waiting_.empty() && waiting_.begin()->first == next_) {
    const Waiting first = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    ++next_;
    if (first.isLost) consumer_.lose();
    else consumer_.take(first.packet, now);
  }
}

/** A keyframe that is whole needs nothing that is missing before it: decoders go on from there. */
void Arrivals::skipToKeyframe(Nanoseconds now) {
  if (keyframeAt_ <= next_) return;
  auto at = waiting_.find(keyframeAt_);
  for (int64_t sequence = keyframeAt_;; ++sequence, ++at) {
    if (at == waiting_.end() || at->first != sequence || at->second.isLost) return;
    if (at->second.packet.endsFrame) break;
  }
  const auto end = missing_.lower_bound(keyframeAt_);
  lost_ += static_cast<uint32_t>(std::distance(missing_.begin(), end));
  missing_.erase(missing_.begin(), end);
  waiting_.erase(waiting_.begin(), waiting_.find(keyframeAt_));
  next_ = keyframeAt_;
  consumer_.lose();
  deliver(now);
}

void Arrivals::expire(Nanoseconds now) {
  while (!missing_.empty() && now - missing_.begin()->second.since > policy_.patience) {
    waiting_.emplace(missing_.begin()->first, Waiting{{}, true});
    missing_.erase(missing_.begin());
    lost_ += 1;
    deliver(now);
  }
}

void Arrivals::collectMissing(Nanoseconds now, std::vector<uint16_t>& sequences) {
  if (!policy_.repairs || now < askAt_) return;
  askAt_ = INT64_MAX;
  for (auto& [sequence, missing] : missing_) {
    if (missing.asked >= kMostAsks) continue;
    if (now >= missing.askAt) {
      missing.asked += 1;
      missing.askAt = now + kAskAgainAfter;
      sequences.push_back(static_cast<uint16_t>(sequence));
    }
    askAt_ = std::min(askAt_, missing.askAt);
  }
}

uint32_t Arrivals::takeLost() { return std::exchange(lost_, 0); }

}  // namespace weir
