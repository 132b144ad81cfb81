/** Headers of RTP (RFC 3550, RFC 8285) as they are read. */
#pragma once
#include <optional>

#include "bytes.hpp"

namespace weir {

constexpr size_t kRtpFixedHeaderBytes = 12;

struct RtpHeader {
  uint32_t ssrc;
  uint32_t timestamp;
  uint16_t sequence;
  uint8_t payloadType;
  bool marker;
  bool padded;
  /** With CSRCs and extensions. */
  size_t bytes;
  /** Of the extensions, where they begin; empty without. */
  Bytes extensions;
  bool longExtensions;
};

/** RFC 5761, 4: payload types that RTCP's packet types would be read as are not used. */
inline bool isRtcp(Bytes packet) { return packet.size() >= 8 && packet[1] >= 192 && packet[1] <= 223; }

inline std::optional<RtpHeader> readRtpHeader(Bytes packet) {
  if (packet.size() < kRtpFixedHeaderBytes || packet[0] >> 6 != 2) return std::nullopt;
  RtpHeader header{};
  header.marker = (packet[1] & 0x80) != 0;
  header.padded = (packet[0] & 0x20) != 0;
  header.payloadType = packet[1] & 0x7f;
  header.sequence = readU16(&packet[2]);
  header.timestamp = readU32(&packet[4]);
  header.ssrc = readU32(&packet[8]);
  size_t bytes = kRtpFixedHeaderBytes + 4u * (packet[0] & 0x0f);
  if ((packet[0] & 0x10) != 0) {
    if (bytes + 4 > packet.size()) return std::nullopt;
    const uint16_t profile = readU16(&packet[bytes]);
    const size_t length = 4u * readU16(&packet[bytes + 2]);
    bytes += 4;
    if (bytes + length > packet.size()) return std::nullopt;
    header.longExtensions = (profile & 0xfff0) == 0x1000;
    if (profile == 0xbede || header.longExtensions) header.extensions = packet.subspan(bytes, length);
    bytes += length;
  }
  if (bytes > packet.size()) return std::nullopt;
  header.bytes = bytes;
  return header;
}

/** The content of an extension; empty where the packet has none of this id. */
inline Bytes findExtension(const RtpHeader& header, uint8_t id) {
  const Bytes all = header.extensions;
  for (size_t at = 0; at < all.size();) {
    if (all[at] == 0) {
      ++at;
      continue;
    }
    const size_t head = header.longExtensions ? 2 : 1;
    if (at + head > all.size()) return {};
    const uint8_t found = header.longExtensions ? all[at] : all[at] >> 4;
    const size_t length = header.longExtensions ? all[at + 1] : (all[at] & 0x0fu) + 1u;
    if (at + head + length > all.size()) return {};
    if (found == id) return all.subspan(at + head, length);
    at += head + length;
  }
  return {};
}

/** What is left of a payload without its padding. */
inline Bytes withoutPadding(Bytes payload, bool padded) {
  if (!padded || payload.empty()) return payload;
  const size_t padding = payload.back();
  return padding > payload.size() ? Bytes{} : payload.first(payload.size() - padding);
}

}  // namespace weir
