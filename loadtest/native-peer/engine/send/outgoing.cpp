#include "send/outgoing.hpp"

#include <algorithm>
#include <cstring>
#include <random>

#include "latency.hpp"

namespace weir {
namespace {

/** RFC 8285, 4.2: an element of the one-byte form. */
void element(Writer& out, uint8_t id, Bytes content) {
  out.u8(static_cast<uint32_t>(id << 4 | (content.size() - 1)));
  out.bytes(content);
}

}  // namespace

WrittenPacket writePacket(uint8_t* to, const OutgoingPacket& packet, const SentExtensions& ids, uint16_t transportSequence,
                          bool stamped) {
  static std::vector<uint8_t> extensions;
  extensions.clear();
  Writer out(extensions);
  if (ids.absSendTime != 0) {
    std::array<uint8_t, 3> time{};
    // Seconds with 6 bits and their fraction with 18.
    writeU24(time.data(), static_cast<uint32_t>(ntpNow() >> 14) & 0xff'ffff);
    element(out, ids.absSendTime, time);
  }
  if (ids.transportCc != 0) {
    std::array<uint8_t, 2> sequence{};
    writeU16(sequence.data(), transportSequence);
    element(out, ids.transportCc, sequence);
  }
  if (ids.audioLevel != 0 && packet.audioLevel) element(out, ids.audioLevel, std::array{*packet.audioLevel});
  out.pad(4);

  uint8_t* at = to;
  *at++ = extensions.empty() ? 0x80 : 0x90;
  *at++ = static_cast<uint8_t>(packet.payloadType | (packet.marker ? 0x80 : 0));
  writeU16(at, packet.sequence);
  writeU32(at + 2, packet.timestamp);
  writeU32(at + 6, packet.ssrc);
  at += 10;
  if (!extensions.empty()) {
    writeU16(at, 0xbede);
    writeU16(at + 2, static_cast<uint32_t>(extensions.size() / 4));
    std::memcpy(at + 4, extensions.data(), extensions.size());
    at += 4 + extensions.size();
  }
  const auto headerBytes = static_cast<size_t>(at - to);
  std::memcpy(at, packet.prefix.data(), packet.prefixBytes);
  at += packet.prefixBytes;
  std::memcpy(at, packet.data.data(), packet.data.size());
  at += packet.data.size();
  if (stamped) {
    writeStamp(at, monotonicNow());
    at += kStampBytes;
  }
  return {headerBytes, static_cast<size_t>(at - to)};
}

OutgoingStream::OutgoingStream(const StreamIds& ids, uint8_t payloadType, uint8_t rtxPayloadType)
    : ids_(ids),
      payloadType_(payloadType),
      rtxPayloadType_(rtxPayloadType),
      sequence_(static_cast<uint16_t>(randomBelow(0x8000))),
      rtxSequence_(static_cast<uint16_t>(randomBelow(0x8000))),
      kept_(kKept) {}

OutgoingPacket OutgoingStream::next(OutgoingPacket packet) {
  sequence_ += 1;
  packet.ssrc = ids_.ssrc;
  packet.sequence = sequence_;
  packet.payloadType = payloadType_;
  packets_ += 1;
  octets_ += static_cast<uint32_t>(packet.prefixBytes + packet.data.size());
  kept_[sequence_ % kKept] = packet;
  return packet;
}

std::optional<OutgoingPacket> OutgoingStream::again(uint16_t sequence) {
  OutgoingPacket packet = kept_[sequence % kKept];
  if (packet.ssrc == 0 || packet.sequence != sequence) return std::nullopt;
  if (!ids_.rtx) return packet;
  // RFC 4588, 4: the payload begins with the number that it had.
  std::copy_backward(packet.prefix.begin(), packet.prefix.end() - 2, packet.prefix.end());
  writeU16(packet.prefix.data(), packet.sequence);
  packet.prefixBytes += 2;
  packet.ssrc = *ids_.rtx;
  packet.sequence = ++rtxSequence_;
  packet.payloadType = rtxPayloadType_;
  return packet;
}

MediaClock::MediaClock(uint32_t rate) : rate_(rate), begin_(randomBelow(0x8000'0000)) {}

uint32_t MediaClock::at(Nanoseconds now) const {
  const auto ticks = static_cast<uint64_t>(now / kMillisecond) * rate_ / 1'000;
  return begin_ + static_cast<uint32_t>(ticks);
}

uint32_t randomBelow(uint32_t below) {
  static std::mt19937 generator{std::random_device{}()};
  return static_cast<uint32_t>(generator()) % below;
}

}  // namespace weir
