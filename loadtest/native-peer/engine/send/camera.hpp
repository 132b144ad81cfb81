/** A recorded picture as a browser's simulcast camera sends it: an ssrc for each layer, one clock, keyframes when asked. */
#pragma once
#include <deque>

#include "send/recordings.hpp"
#include "send/source.hpp"

namespace weir {

class Camera : public Source {
 public:
  /** As many loops as streams, lowest first; they live longer than it does. */
  Camera(const std::vector<VideoLoop>& loops, Nanoseconds frameEvery, const std::vector<StreamIds>& streams);

  void tick(Nanoseconds now, PacketSink& sink) override;
  bool askKeyframe(uint32_t ssrc, Nanoseconds now) override;
  bool repair(uint32_t ssrc, uint16_t sequence, PacketSink& sink) override;
  void setLayers(const std::vector<bool>& active) override;
  void setMuted(bool muted) override;

 private:
  struct Layer {
    const VideoLoop* loop;
    OutgoingStream stream;
    bool active = true;
    bool keyframeDue = true;
    Nanoseconds askedAt = 0;
    Nanoseconds reportAt = 0;
    size_t position = 0;
    uint16_t pictureId = 0;
  };

  void encode(Layer& layer, uint32_t timestamp);
  void drain(Nanoseconds now, PacketSink& sink);

  std::vector<Layer> layers_;
  Nanoseconds frameEvery_;
  MediaClock clock_{90'000};
  /** Of the common picture, in frames from somewhere in the loop: publishers that start together differ. */
  size_t position_;
  Nanoseconds next_ = 0;
  bool muted_ = false;
  std::deque<OutgoingPacket> queue_;
  Nanoseconds drainedAt_ = 0;
};

}  // namespace weir
