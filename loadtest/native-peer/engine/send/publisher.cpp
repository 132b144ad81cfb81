#include "send/publisher.hpp"

#include <cstring>
#include <utility>

#include "rtcp.hpp"

namespace weir {

Source* Publisher::find(uint32_t number) {
  const auto found = tracks_.find(number);
  return found == tracks_.end() ? nullptr : found->second.source.get();
}

void Publisher::tick(Nanoseconds now) {
  if (srtp_ == nullptr) return;
  for (const auto& [number, track] : tracks_) {
    sending_ = &track;
    track.source->tick(now, *this);
  }
}

void Publisher::hearKeyframeAsked(uint32_t ssrc, Nanoseconds now) {
  for (const auto& [number, track] : tracks_) {
    if (track.source->askKeyframe(ssrc, now)) figures_.keyframesAsked += 1;
  }
}

void Publisher::hearPacketAsked(uint32_t ssrc, uint16_t sequence) {
  for (const auto& [number, track] : tracks_) {
    sending_ = &track;
    if (track.source->repair(ssrc, sequence, *this)) figures_.repaired += 1;
  }
}

void Publisher::send(const OutgoingPacket& packet) {
  uint8_t* to = socket_.reserve();
  const auto [headerBytes, size] = writePacket(to, packet, sending_->extensions, ++transportSequence_, sending_->stamped);
  const size_t sealed = srtp_->protectRtp(to, size, headerBytes);
  if (sealed == 0) return;
  socket_.commit(sealed);
  figures_.packets += 1;
  figures_.bytes += size;
}

void Publisher::report(const OutgoingStream& stream, uint32_t timestamp) {
  static std::vector<uint8_t> compound;
  compound.clear();
  rtcp::writeSenderReport(Writer(compound), stream.ssrc(), ntpNow(), timestamp, stream.packets(), stream.octets());
  uint8_t* to = socket_.reserve();
  std::memcpy(to, compound.data(), compound.size());
  const size_t sealed = srtp_->protectRtcp(to, compound.size());
  if (sealed > 0) socket_.commit(sealed);
}

SentFigures Publisher::takeFigures() { return std::exchange(figures_, {}); }

}  // namespace weir
