/** What a peer publishes as one track: its packets at their times. */
#pragma once
#include <vector>

#include "send/outgoing.hpp"

namespace weir {

/** Takes packets as they leave. */
class PacketSink {
 public:
  virtual ~PacketSink() = default;
  virtual void send(const OutgoingPacket& packet) = 0;
  /** RFC 3550, 6.4.1: a report on a stream, `timestamp` of now. */
  virtual void report(const OutgoingStream& stream, uint32_t timestamp) = 0;
};

class Source {
 public:
  virtual ~Source() = default;
  virtual void tick(Nanoseconds now, PacketSink& sink) = 0;
  /** Whether the keyframe is one of its own. */
  virtual bool askKeyframe(uint32_t ssrc, Nanoseconds now) = 0;
  /** Whether the packet was sent again. */
  virtual bool repair(uint32_t ssrc, uint16_t sequence, PacketSink& sink) = 0;
  /** Lowest first; layers that are not named stay as they are. */
  virtual void setLayers(const std::vector<bool>& active) = 0;
  virtual void setMuted(bool muted) = 0;
};

}  // namespace weir
