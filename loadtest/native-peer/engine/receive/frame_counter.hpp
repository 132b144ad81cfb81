/** Which frames of a video a decoder could show, from its packets in their order. */
#pragma once
#include <optional>

#include "clock.hpp"
#include "receive/vp8.hpp"

namespace weir {

struct MediaPacket {
  uint32_t timestamp;
  bool endsFrame;
  Vp8Payload video;
};

class FrameCounter {
 public:
  struct Counts {
    uint32_t frames = 0;
    uint32_t keyframes = 0;
  };

  /** The next packet. Gives true where a frame can be shown with it. */
  bool take(const MediaPacket& packet);
  /** The next packet never came. */
  void lose();
  /** Nothing can be shown before a keyframe comes. */
  bool needsKeyframe() const { return chain_ == Chain::kBroken; }
  const std::optional<PictureSize>& size() const { return size_; }
  Counts takeCounts();

 private:
  /** What of the stream is without a gap. */
  enum class Chain { kBroken, kBaseLayer, kWhole };
  struct Frame {
    uint32_t timestamp = 0;
    bool intact = false;
    Vp8Payload video{};
  };

  bool canShow(const Vp8Payload& video);

  Chain chain_ = Chain::kBroken;
  Frame frame_;
  bool inFrame_ = false;
  /** Of the lowest temporal layer, shown last; nothing where the stream has no such layers. */
  std::optional<uint8_t> baseIndex_;
  std::optional<PictureSize> size_;
  Counts counts_;
};

}  // namespace weir
