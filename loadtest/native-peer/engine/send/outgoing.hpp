/** Packets on their way out: the streams that they belong to, and how they are written (RFC 3550, RFC 8285, RFC 4588). */
#pragma once
#include <array>
#include <optional>

#include "bytes.hpp"
#include "clock.hpp"

namespace weir {

/** Ids of header extensions that were agreed on; 0 for those that were not. */
struct SentExtensions {
  uint8_t absSendTime = 0;
  uint8_t transportCc = 0;
  uint8_t audioLevel = 0;
};

struct OutgoingPacket {
  uint32_t ssrc;
  uint32_t timestamp;
  uint16_t sequence;
  uint8_t payloadType;
  bool marker;
  /** Before the data: descriptors, the number of what is sent again. */
  std::array<uint8_t, 8> prefix{};
  size_t prefixBytes = 0;
  /** Lives as long as the recordings. */
  Bytes data;
  /** RFC 6464, with its bit for voice. */
  std::optional<uint8_t> audioLevel;
};

struct WrittenPacket {
  size_t headerBytes;
  size_t size;
};

/** Writes a packet that goes out now. `stamped`: with the time at its end. */
WrittenPacket writePacket(uint8_t* to, const OutgoingPacket& packet, const SentExtensions& ids, uint16_t transportSequence,
                          bool stamped);

/** What a stream of a sender is announced with. */
struct StreamIds {
  uint32_t ssrc;
  /** Without one, what is asked for is sent again as it was. */
  std::optional<uint32_t> rtx;
};

/** The packets of one ssrc. */
class OutgoingStream {
 public:
  OutgoingStream(const StreamIds& ids, uint8_t payloadType, uint8_t rtxPayloadType);

  uint32_t ssrc() const { return ids_.ssrc; }
  /** Numbers a packet, and keeps it for repairs. */
  OutgoingPacket next(OutgoingPacket packet);
  /** A packet that was sent lately, as it is sent again. */
  std::optional<OutgoingPacket> again(uint16_t sequence);
  uint32_t packets() const { return packets_; }
  uint32_t octets() const { return octets_; }

 private:
  /** A second and a half of the highest layer. A power of two. */
  static constexpr size_t kKept = 128;

  StreamIds ids_;
  uint8_t payloadType_;
  uint8_t rtxPayloadType_;
  uint16_t sequence_;
  uint16_t rtxSequence_;
  uint32_t packets_ = 0;
  uint32_t octets_ = 0;
  std::vector<OutgoingPacket> kept_;
};

/** RTP timestamps of one capture: run with the monotonic clock from a random begin. */
class MediaClock {
 public:
  explicit MediaClock(uint32_t rate);
  uint32_t at(Nanoseconds now) const;

 private:
  uint32_t rate_;
  uint32_t begin_;
};

/** From 0 up to `below`. */
uint32_t randomBelow(uint32_t below);

}  // namespace weir
