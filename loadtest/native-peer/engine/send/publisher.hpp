/** The tracks that a peer publishes: their sources, and the way of their packets into its socket. */
#pragma once
#include <map>
#include <memory>

#include "send/source.hpp"
#include "transport/srtp.hpp"
#include "transport/udp_socket.hpp"

namespace weir {

struct SentFigures {
  uint64_t packets = 0;
  /** RTP, headers included. */
  uint64_t bytes = 0;
  uint64_t keyframesAsked = 0;
  uint64_t repaired = 0;
};

class Publisher : private PacketSink {
 public:
  struct Track {
    std::unique_ptr<Source> source;
    SentExtensions extensions;
    /** Its packets carry the time at which they are sent (latency.hpp). */
    bool stamped;
  };

  explicit Publisher(UdpSocket& socket) : socket_(socket) {}

  /** Nothing leaves before. */
  void connect(SrtpContext& srtp) { srtp_ = &srtp; }
  /** `number`: that whoever drives the engine gave the track. */
  void start(uint32_t number, Track track) { tracks_[number] = std::move(track); }
  void stop(uint32_t number) { tracks_.erase(number); }
  /** nullptr for one that is not sent. */
  Source* find(uint32_t number);

  void tick(Nanoseconds now);
  void hearKeyframeAsked(uint32_t ssrc, Nanoseconds now);
  void hearPacketAsked(uint32_t ssrc, uint16_t sequence);
  SentFigures takeFigures();

 private:
  void send(const OutgoingPacket& packet) override;
  void report(const OutgoingStream& stream, uint32_t timestamp) override;

  UdpSocket& socket_;
  SrtpContext* srtp_ = nullptr;
  std::map<uint32_t, Track> tracks_;
  /** The one whose packets are being sent. */
  const Track* sending_ = nullptr;
  uint16_t transportSequence_ = 0;
  SentFigures figures_;
};

}  // namespace weir
