#include "receive/frame_counter.hpp"

#include <utility>

namespace weir {

bool FrameCounter::take(const MediaPacket& packet) {
  if (!inFrame_ || packet.timestamp != frame_.timestamp) {
    frame_ = {packet.timestamp, packet.video.startsFrame, packet.video};
    inFrame_ = true;
  }
  if (!packet.endsFrame) return false;
  inFrame_ = false;
  const Vp8Payload& video = frame_.video;
  if (!frame_.intact || !canShow(video)) return false;
  if (video.place && (video.place->layer == 0 || video.isKeyframe)) baseIndex_ = video.place->baseIndex;
  if (video.isKeyframe) {
    counts_.keyframes += 1;
    if (video.size) size_ = video.size;
    if (!video.place) baseIndex_.reset();
  }
  counts_.frames += 1;
  return true;
}

bool FrameCounter::canShow(const Vp8Payload& video) {
  if (video.isKeyframe) {
    chain_ = Chain::kWhole;
    return true;
  }
  switch (chain_) {
    case Chain::kBroken:
      return false;
    case Chain::kWhole:
      return true;
    case Chain::kBaseLayer:
      break;
  }
  if (!video.place || !baseIndex_) {
    chain_ = Chain::kBroken;
    return false;
  }
  if (video.place->layer > 0) {
    // A sync frame builds on the lowest layer alone; what follows builds on it.
    if (!video.place->isSync || video.place->baseIndex != *baseIndex_) return false;
    chain_ = Chain::kWhole;
    return true;
  }
  if (video.place->baseIndex == static_cast<uint8_t>(*baseIndex_ + 1)) return true;
  chain_ = Chain::kBroken;
  return false;
}

void FrameCounter::lose() {
  frame_.intact = false;
  // Without temporal layers every frame builds on the one before.
  if (!baseIndex_) chain_ = Chain::kBroken;
  else if (chain_ == Chain::kWhole) chain_ = Chain::kBaseLayer;
}

FrameCounter::Counts FrameCounter::takeCounts() { return std::exchange(counts_, {}); }

}  // namespace weir
