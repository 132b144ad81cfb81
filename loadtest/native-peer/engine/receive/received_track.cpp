#include "receive/received_track.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace weir {
namespace {

/** Ten times 100 ms, as long as a browser asks; sound that is later than this has been concealed. */
constexpr Nanoseconds kVideoPatience = 1'000 * kMillisecond;
constexpr Nanoseconds kAudioPatience = 250 * kMillisecond;
/** Chromium waits this long for a keyframe before it asks (again). */
constexpr Nanoseconds kKeyframePatience = 200 * kMillisecond;

}  // namespace

ReceivedTrack::ReceivedTrack(const TrackOffer& offer, Nanoseconds now)
    : offer_(offer),
      arrivals_({offer.kind == Kind::kVideo ? kVideoPatience : kAudioPatience, offer.repairs}, *this),
      shownAt_(now) {}

void ReceivedTrack::take(const RtpHeader& header, Bytes payload, Nanoseconds arrived) {
  const double transit = static_cast<double>(arrived) / kSecond * rate() - header.timestamp;
  if (received_ == 0) {
    base_ = highest_ = header.sequence + 0x1'0000;
    keyframeAskAt_ = arrived + kKeyframePatience;
  } else {
    const double difference = std::abs(transit - transit_);
    // More than a minute is a clock that began anew, or went round.
    if (difference < 60 * rate()) jitter_ += (difference - jitter_) / 16;
    highest_ = std::max(highest_, unwrap(highest_, header.sequence));
  }
  transit_ = transit;
  received_ += 1;
  arrive(header.sequence, header, payload, false, arrived);
}

void ReceivedTrack::takeResent(const RtpHeader& header, Bytes payload, Nanoseconds arrived) {
  // RFC 4588, 4: the number that it had at first. Without media it is padding, sent to try the link.
  if (payload.size() <= 2 || received_ == 0) return;
  arrive(readU16(payload.data()), header, payload.subspan(2), true, arrived);
}

void ReceivedTrack::arrive(uint16_t sequence, const RtpHeader& header, Bytes payload, bool resent,
                           Nanoseconds arrived) {
  MediaPacket packet{header.timestamp, header.marker, {}};
  if (offer_.kind == Kind::kVideo) {
    const auto video = readVp8(payload);
    // Padding ends no frame.
    if (video) packet.video = *video;
    else packet.endsFrame = false;
  }
  const Arrivals::Fate fate = arrivals_.take(sequence, packet, resent, arrived);
  if (fate == Arrivals::Fate::kUseless) return;
  figures_.packets += 1;
  figures_.bytes += header.bytes + payload.size();
  if (fate == Arrivals::Fate::kRepaired) figures_.repaired += 1;
}

void ReceivedTrack::take(const MediaPacket& packet, Nanoseconds now) {
  if (offer_.kind == Kind::kAudio) {
    noteShown(now);
    return;
  }
  const bool neededKeyframe = frames_.needsKeyframe();
  if (frames_.take(packet)) noteShown(now);
  else if (!neededKeyframe && frames_.needsKeyframe()) keyframeAskAt_ = now;
}

void ReceivedTrack::lose() {
  if (offer_.kind == Kind::kAudio) return;
  const bool neededKeyframe = frames_.needsKeyframe();
  frames_.lose();
  // A frame is missing for good.
  if (!neededKeyframe && frames_.needsKeyframe()) keyframeAskAt_ = 0;
}

void ReceivedTrack::noteShown(Nanoseconds now) {
  longestGap_ = std::max(longestGap_, now - shownAt_);
  shownAt_ = now;
}

void ReceivedTrack::takeSenderReport(uint64_t ntp, Nanoseconds now) {
  senderReport_ = static_cast<uint32_t>(ntp >> 16);
  senderReportAt_ = now;
}

void ReceivedTrack::collectWishes(Nanoseconds now, std::vector<uint16_t>& missing, bool& keyframe) {
  arrivals_.expire(now);
  arrivals_.collectMissing(now, missing);
  keyframe = offer_.kind == Kind::kVideo && received_ > 0 && frames_.needsKeyframe() && now >= keyframeAskAt_;
  if (keyframe) keyframeAskAt_ = now + kKeyframePatience;
}

std::optional<ReportBlock> ReceivedTrack::reportBlock(Nanoseconds now) {
  // RFC 3550, A.3.
  const auto expected = static_cast<uint64_t>(highest_ - base_ + 1);
  const uint32_t received = received_ - reportedReceived_;
  if (received == 0) return std::nullopt;
  const auto due = static_cast<uint32_t>(expected - reportedExpected_);
  reportedExpected_ = expected;
  reportedReceived_ = received_;
  const uint32_t lost = due > received ? due - received : 0;
  const int64_t lostInAll = static_cast<int64_t>(expected) - received_;
  ReportBlock block{};
  block.ssrc = offer_.ssrc;
  block.fractionLost = due == 0 ? 0 : static_cast<uint8_t>(std::min<uint64_t>(255, (uint64_t{lost} << 8) / due));
  block.cumulativeLost = static_cast<uint32_t>(std::clamp<int64_t>(lostInAll, 0, 0x7f'ffff));
  block.highestSequence = static_cast<uint32_t>(highest_ - 0x1'0000);
  block.jitter = static_cast<uint32_t>(jitter_);
  if (senderReportAt_ != 0) {
    block.lastSenderReport = senderReport_;
    block.delaySinceLastSenderReport = static_cast<uint32_t>((now - senderReportAt_) * 65'536 / kSecond);
  }
  return block;
}

TrackFigures ReceivedTrack::takeFigures(Nanoseconds now) {
  TrackFigures figures = std::exchange(figures_, {});
  figures.lost = arrivals_.takeLost();
  figures.jitterMs = jitter_ / rate() * 1'000;
  figures.longestGapMs = static_cast<double>(std::max(std::exchange(longestGap_, 0), now - shownAt_)) / kMillisecond;
  const auto [frames, keyframes] = frames_.takeCounts();
  figures.frames = frames;
  figures.keyframes = keyframes;
  figures.size = frames_.size();
  return figures;
}

}  // namespace weir
