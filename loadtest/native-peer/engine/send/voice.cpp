#include "send/voice.hpp"

#include "send/payload_types.hpp"

namespace weir {
namespace {

constexpr Nanoseconds kReportEvery = 1'500 * kMillisecond;
/** A process that stood still for longer goes on from now. */
constexpr Nanoseconds kBehind = 200 * kMillisecond;
/** 20 ms of silence (RFC 6716: CELT, fullband, stereo). */
constexpr std::array<uint8_t, 3> kSilence = {0xf8, 0xff, 0xfe};

/** RFC 6464: -dBov, with the bit that says voice. */
constexpr uint8_t kSpeaking = 0x80 | 25;
constexpr uint8_t kPausing = 60;
constexpr uint8_t kSilent = 127;

}  // namespace

Voice::Voice(const std::vector<Frame>* packets, Nanoseconds packetEvery, const StreamIds& stream)
    : packets_(packets), packetEvery_(packetEvery), stream_(stream, kOpus, kOpus) {
  if (packets_ == nullptr) return;
  position_ = randomBelow(static_cast<uint32_t>(packets_->size()));
  size_t bytes = 0;
  for (const Frame& packet : *packets_) bytes += packet.size();
  loudBytes_ = bytes / packets_->size();
}

void Voice::tick(Nanoseconds now, PacketSink& sink) {
  if (now - next_ > kBehind) next_ = now;
  for (; next_ <= now; next_ += packetEvery_) {
    OutgoingPacket packet{};
    packet.timestamp = clock_.at(next_);
    packet.data = kSilence;
    packet.audioLevel = kSilent;
    if (packets_ != nullptr) {
      const Frame& frame = (*packets_)[position_++ % packets_->size()];
      if (!muted_) {
        packet.data = frame;
        packet.audioLevel = frame.size() >= loudBytes_ ? kSpeaking : kPausing;
      }
    }
    sink.send(stream_.next(packet));
  }
  if (now < reportAt_) return;
  reportAt_ = now + kReportEvery;
  sink.report(stream_, clock_.at(now));
}

bool Voice::repair(uint32_t ssrc, uint16_t sequence, PacketSink& sink) {
  if (stream_.ssrc() != ssrc) return false;
  const auto packet = stream_.again(sequence);
  if (packet) sink.send(*packet);
  return packet.has_value();
}

}  // namespace weir
