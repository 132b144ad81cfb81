/** One track that the focus sends: its figures, and what it has to be asked for. */
#pragma once
#include <optional>

#include "receive/arrivals.hpp"
#include "receive/rtp.hpp"

namespace weir {

enum class Kind { kAudio, kVideo };

/** A track as the description of the focus names it. */
struct TrackOffer {
  /** Number that whoever drives the engine gave it. */
  uint32_t number;
  Kind kind;
  uint32_t ssrc;
  /** Of its retransmissions (RFC 4588). */
  std::optional<uint32_t> rtxSsrc;
  /** The focus sends again what is asked for. */
  bool repairs;
};

/** Since the last report. */
struct TrackFigures {
  uint32_t packets = 0;
  uint64_t bytes = 0;
  uint32_t lost = 0;
  uint32_t repaired = 0;
  uint32_t frames = 0;
  uint32_t keyframes = 0;
  double jitterMs = 0;
  double longestGapMs = 0;
  std::optional<PictureSize> size;
};

/** RFC 3550, 6.4.1. */
struct ReportBlock {
  uint32_t ssrc;
  uint8_t fractionLost;
  uint32_t cumulativeLost;
  uint32_t highestSequence;
  uint32_t jitter;
  uint32_t lastSenderReport;
  uint32_t delaySinceLastSenderReport;
};

class ReceivedTrack : private InOrder {
 public:
  ReceivedTrack(const TrackOffer& offer, Nanoseconds now);
  ReceivedTrack(const ReceivedTrack&) = delete;
  ReceivedTrack& operator=(const ReceivedTrack&) = delete;

  const TrackOffer& offer() const { return offer_; }
  /** A packet under its own ssrc, without its padding. `arrived`: when the system got it. */
  void take(const RtpHeader& header, Bytes payload, Nanoseconds arrived);
  /** One under the ssrc of its retransmissions. */
  void takeResent(const RtpHeader& header, Bytes payload, Nanoseconds arrived);
  void takeSenderReport(uint64_t ntp, Nanoseconds now);

  /** Gives packets up, and says what to ask for. `keyframe`: whether for one, too. */
  void collectWishes(Nanoseconds now, std::vector<uint16_t>& missing, bool& keyframe);
  /** Whether there is anything to ask for, or to give up. */
  bool mayWish() const { return arrivals_.hasGap() || (offer_.kind == Kind::kVideo && frames_.needsKeyframe()); }
  /** Nothing where nothing came since the last one. */
  std::optional<ReportBlock> reportBlock(Nanoseconds now);
  TrackFigures takeFigures(Nanoseconds now);
  bool hasAny() const { return received_ > 0; }

 private:
  void take(const MediaPacket& packet, Nanoseconds now) override;
  void lose() override;
  void arrive(uint16_t sequence, const RtpHeader& header, Bytes payload, bool resent, Nanoseconds arrived);
  void noteShown(Nanoseconds now);
  double rate() const { return offer_.kind == Kind::kAudio ? 48'000 : 90'000; }

  TrackOffer offer_;
  Arrivals arrivals_;
  FrameCounter frames_;
  TrackFigures figures_;
  Nanoseconds shownAt_;
  Nanoseconds longestGap_ = 0;
  Nanoseconds keyframeAskAt_ = 0;

  /** Of the stream under its own ssrc. */
  uint32_t received_ = 0;
  int64_t base_ = 0;
  int64_t highest_ = 0;
  double transit_ = 0;
  /** In units of the RTP clock. */
  double jitter_ = 0;
  uint64_t reportedExpected_ = 0;
  uint32_t reportedReceived_ = 0;
  uint32_t senderReport_ = 0;
  Nanoseconds senderReportAt_ = 0;
};

}  // namespace weir
