/** VP8 in RTP (RFC 7741, 4.2 and 4.3), as far as a receiver that decodes nothing looks into it. */
#pragma once
#include <optional>

#include "bytes.hpp"

namespace weir {

struct PictureSize {
  uint16_t width;
  uint16_t height;
};

/** Where a frame stands among its temporal layers. */
struct TemporalPlace {
  uint8_t layer;
  /** Counts the frames of the lowest layer. */
  uint8_t baseIndex;
  /** It builds on the lowest layer alone. */
  bool isSync;
};

struct Vp8Payload {
  bool startsFrame;
  bool isKeyframe;
  std::optional<TemporalPlace> place;
  std::optional<PictureSize> size;
};

/** Nothing for what is no VP8. */
inline std::optional<Vp8Payload> readVp8(Bytes payload) {
  if (payload.empty()) return std::nullopt;
  Vp8Payload read{};
  read.startsFrame = (payload[0] & 0x17) == 0x10;
  size_t at = 1;
  if ((payload[0] & 0x80) != 0) {
    if (payload.size() < 2) return std::nullopt;
    const uint8_t fields = payload[1];
    at = 2;
    if ((fields & 0x80) != 0) at += at < payload.size() && (payload[at] & 0x80) != 0 ? 2 : 1;
    const size_t baseAt = at;
    if ((fields & 0x40) != 0) ++at;
    if ((fields & 0x30) != 0) {
      if (at >= payload.size()) return std::nullopt;
      if ((fields & 0x60) == 0x60) {
        read.place = TemporalPlace{static_cast<uint8_t>(payload[at] >> 6), payload[baseAt], (payload[at] & 0x20) != 0};
      }
      ++at;
    }
  }
  if (at >= payload.size()) return std::nullopt;
  if (!read.startsFrame) return read;
  // RFC 6386, 9.1: zero for a keyframe.
  const Bytes frame = payload.subspan(at);
  read.isKeyframe = (frame[0] & 1) == 0;
  if (read.isKeyframe && frame.size() >= 10) {
    const auto field = [&](size_t low) { return static_cast<uint16_t>((frame[low] | frame[low + 1] << 8) & 0x3fff); };
    read.size = PictureSize{field(6), field(8)};
  }
  return read;
}

}  // namespace weir
