/** A recorded voice, or a silent room: an Opus packet every so often. */
#pragma once
#include "send/recordings.hpp"
#include "send/source.hpp"

namespace weir {

class Voice : public Source {
 public:
  /** Without packets it says silence alone. They live longer than it does. */
  Voice(const std::vector<Frame>* packets, Nanoseconds packetEvery, const StreamIds& stream);

  void tick(Nanoseconds now, PacketSink& sink) override;
  bool askKeyframe(uint32_t, Nanoseconds) override { return false; }
  bool repair(uint32_t ssrc, uint16_t sequence, PacketSink& sink) override;
  /** It has one. */
  void setLayers(const std::vector<bool>&) override {}
  void setMuted(bool muted) override { muted_ = muted; }

 private:
  const std::vector<Frame>* packets_;
  /** Packets that are larger hold sound, others the pauses between. */
  size_t loudBytes_ = 0;
  Nanoseconds packetEvery_;
  OutgoingStream stream_;
  MediaClock clock_{48'000};
  size_t position_ = 0;
  Nanoseconds next_ = 0;
  Nanoseconds reportAt_ = 0;
  bool muted_ = false;
};

}  // namespace weir
