/** A peer: one socket, ICE, DTLS, SRTP, a data channel; tracks that it receives, tracks that it sends. */
#pragma once
#include <memory>
#include <optional>
#include <unordered_map>

#include "transport/dtls.hpp"
#include "transport/ice.hpp"
#include "latency.hpp"
#include "receive/received_track.hpp"
#include "transport/sctp.hpp"
#include "receive/transport_cc.hpp"
#include "send/publisher.hpp"
#include "transport/udp_socket.hpp"

namespace weir {

struct PeerOptions {
  /** IPv4 address that its socket is bound to. */
  std::string bind;
  std::string ufrag;
  /** Of the data channel that it opens. */
  std::string label;
  /** Tells this estimate of its link (REMB), bit/s; 0 for none. */
  uint64_t remb = 0;
};

/** The other end, as its description names it. */
struct Remote {
  stun::Credentials credentials;
  std::string fingerprintAlgorithm;
  std::string fingerprint;
  std::string address;
  uint16_t port = 0;
};

/** What the focus sends. */
struct Receiving {
  std::vector<TrackOffer> tracks;
  /** Id of the extension with sequence numbers of the transport; 0 where the focus sends none. */
  uint8_t transportCcId = 0;
};

struct PeerReport {
  struct Track {
    uint32_t number;
    TrackFigures figures;
  };
  bool connected;
  std::vector<Track> tracks;
  SentFigures sent;
  uint32_t dropped;
};

class Peer {
 public:
  struct Events {
    std::function<void()> connected;
    std::function<void(const std::string& why)> lost;
    std::function<void()> channelOpen;
    std::function<void()> channelClosed;
    std::function<void(const std::string&)> text;
    /** The first packet of a track. */
    std::function<void(uint32_t track)> firstPacket;
  };

  /** Throws std::runtime_error. `latency`: takes the ages of stamped packets. */
  Peer(const PeerOptions& options, const DtlsContext& dtls, Latency& latency, Events events);
  ~Peer();

  int descriptor() const { return socket_.descriptor(); }
  /** Throws std::runtime_error. */
  void setRemote(const Remote& remote);
  void setReceiving(const Receiving& receiving);
  bool sendText(const std::string& text);
  Publisher& publisher() { return publisher_; }

  void receive();
  void tick(Nanoseconds now);
  PeerReport takeReport(Nanoseconds now);

 private:
  enum class State { kNew, kConnecting, kConnected, kLost };

  void takePacket(MutableBytes packet, Nanoseconds arrived);
  void takeRtp(MutableBytes packet, Nanoseconds arrived);
  void takeRtcp(MutableBytes packet, Nanoseconds arrived);
  void tellWishes(Nanoseconds now);
  void tellReports(Nanoseconds now);
  void sendRtcp(const std::vector<uint8_t>& compound);
  void sendDatagram(Bytes datagram);
  void lose(const std::string& why);

  PeerOptions options_;
  const DtlsContext& dtlsContext_;
  Latency& latency_;
  Events events_;
  State state_ = State::kNew;
  std::string remoteAddress_;
  UdpSocket socket_;
  Ice ice_;
  std::optional<Dtls> dtls_;
  std::optional<SrtpKeys> srtp_;
  Sctp sctp_;
  Publisher publisher_{socket_};

  std::vector<std::unique_ptr<ReceivedTrack>> tracks_;
  struct Stream {
    ReceivedTrack* track;
    bool isRtx;
  };
  std::unordered_map<uint32_t, Stream> streams_;
  uint8_t transportCcId_ = 0;
  ArrivalLog arrivals_;
  Nanoseconds reportAt_ = 0;
  uint32_t droppedReported_ = 0;
  /** Feedback that is being written; kept for its memory. */
  std::vector<uint8_t> compound_;
};

}  // namespace weir
