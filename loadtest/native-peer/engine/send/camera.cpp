#include "send/camera.hpp"

#include <algorithm>

#include "send/payload_types.hpp"

namespace weir {
namespace {

constexpr Nanoseconds kReportEvery = kSecond;
/** Chromium's encoder, too, answers no second request within this time. */
constexpr Nanoseconds kKeyframesApart = 300 * kMillisecond;
/** A process that stood still for longer goes on from now. */
constexpr int kFramesBehind = 3;
/** 2.4 Mbit/s: somewhat more than twice what all layers take, as a browser's pacer lets a keyframe out. */
constexpr double kPacketsPerMillisecond = 0.25;
/** More than the largest keyframes of all layers: what is longer waits behind a process that stood still. */
constexpr size_t kLongestQueue = 256;
/** Room for the headers of a packet, SRTP and a relay in an MTU of 1,280 bytes and more. */
constexpr size_t kMostPayload = 1'150;

/** Of places in a loop, the one with the shortest way round to `position`. */
size_t nearest(const std::vector<size_t>& places, size_t position, size_t length) {
  const auto away = [&](size_t place) {
    const size_t apart = place > position ? place - position : position - place;
    return std::min(apart, length - apart);
  };
  return *std::min_element(places.begin(), places.end(), [&](size_t one, size_t other) { return away(one) < away(other); });
}

}  // namespace

Camera::Camera(const std::vector<VideoLoop>& loops, Nanoseconds frameEvery, const std::vector<StreamIds>& streams)
    : frameEvery_(frameEvery), position_(randomBelow(static_cast<uint32_t>(loops[0].frames.size()))) {
  for (size_t each = 0; each < std::min(loops.size(), streams.size()); ++each) {
    layers_.push_back({.loop = &loops[each], .stream = OutgoingStream(streams[each], kVp8, kVp8Rtx)});
    layers_.back().pictureId = static_cast<uint16_t>(randomBelow(0x4000));
  }
}

void Camera::tick(Nanoseconds now, PacketSink& sink) {
  drain(now, sink);
  if (now < next_) return;
  // Cameras do not run in step.
  const bool isFirst = next_ == 0;
  const Nanoseconds captured = now - next_ > kFramesBehind * frameEvery_ ? now : next_;
  next_ = captured + (isFirst ? frameEvery_ / 2 + randomBelow(static_cast<uint32_t>(frameEvery_)) : frameEvery_);
  position_ += 1;
  if (muted_) return;
  const uint32_t timestamp = clock_.at(captured);
  for (Layer& layer : layers_) {
    if (!layer.active) continue;
    encode(layer, timestamp);
    // After the first packet: a report of an unknown ssrc is dropped. Without reports the focus cannot change layers.
    if (now < layer.reportAt || layer.stream.packets() == 0) continue;
    layer.reportAt = now + kReportEvery;
    sink.report(layer.stream, clock_.at(now));
  }
}

/** A frame that has begun is finished; a keyframe that is due is the one nearest to where the other layers are. */
void Camera::encode(Layer& layer, uint32_t timestamp) {
  const VideoLoop& loop = *layer.loop;
  if (layer.keyframeDue) layer.position = nearest(loop.keyframes, position_ % loop.frames.size(), loop.frames.size());
  layer.keyframeDue = false;
  const Bytes frame = loop.frames[layer.position];
  layer.position = (layer.position + 1) % loop.frames.size();
  layer.pictureId = (layer.pictureId + 1) & 0x7fff;
  const size_t parts = (frame.size() + kMostPayload - 1) / kMostPayload;
  // Parts of one size: a tiny last one would cost as much as the others.
  const size_t size = (frame.size() + parts - 1) / parts;
  if (queue_.size() + parts > kLongestQueue) queue_.clear();
  for (size_t part = 0; part < parts; ++part) {
    OutgoingPacket packet{};
    packet.timestamp = timestamp;
    packet.marker = part == parts - 1;
    // RFC 7741, 4.2: extended, maybe the start of partition 0, a picture id of 15 bits.
    packet.prefix = {static_cast<uint8_t>(part == 0 ? 0x90 : 0x80), 0x80,
                     static_cast<uint8_t>(0x80 | layer.pictureId >> 8), static_cast<uint8_t>(layer.pictureId)};
    packet.prefixBytes = 4;
    packet.data = frame.subspan(part * size, std::min(size, frame.size() - part * size));
    queue_.push_back(layer.stream.next(packet));
  }
}

void Camera::drain(Nanoseconds now, PacketSink& sink) {
  const double allowed = static_cast<double>(now - drainedAt_) / kMillisecond * kPacketsPerMillisecond;
  drainedAt_ = now;
  for (double sent = 0; sent < allowed && !queue_.empty(); ++sent) {
    sink.send(queue_.front());
    queue_.pop_front();
  }
}

bool Camera::askKeyframe(uint32_t ssrc, Nanoseconds now) {
  for (Layer& layer : layers_) {
    if (layer.stream.ssrc() != ssrc) continue;
    if (layer.askedAt == 0 || now - layer.askedAt >= kKeyframesApart) {
      layer.askedAt = now;
      layer.keyframeDue = true;
    }
    return true;
  }
  return false;
}

bool Camera::repair(uint32_t ssrc, uint16_t sequence, PacketSink& sink) {
  for (Layer& layer : layers_) {
    if (layer.stream.ssrc() != ssrc) continue;
    const auto packet = layer.stream.again(sequence);
    if (packet) sink.send(*packet);
    return packet.has_value();
  }
  return false;
}

void Camera::setLayers(const std::vector<bool>& active) {
  for (size_t each = 0; each < std::min(active.size(), layers_.size()); ++each) {
    Layer& layer = layers_[each];
    // It goes on, after a pause, with a keyframe and a report.
    if (active[each] && !layer.active) layer.keyframeDue = true, layer.reportAt = 0;
    layer.active = active[each];
  }
}

void Camera::setMuted(bool muted) {
  if (!muted && muted_) {
    for (Layer& layer : layers_) layer.keyframeDue = true, layer.reportAt = 0;
  }
  muted_ = muted;
}

}  // namespace weir
