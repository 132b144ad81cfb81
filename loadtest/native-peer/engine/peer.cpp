#include "peer.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

#include "rtcp.hpp"

namespace weir {
namespace {

constexpr Nanoseconds kReportEvery = kSecond;
/** As browsers call themselves that send nothing. */
constexpr uint32_t kReceiverSsrc = 1;
constexpr size_t kLongestDatagram = UdpSocket::kMostBytes - kSrtpOverhead;

bool isDtls(Bytes packet) { return packet[0] >= 20 && packet[0] <= 63; }

}  // namespace

Peer::Peer(const PeerOptions& options, const DtlsContext& dtls, Latency& latency, Events events)
    : options_(options),
      dtlsContext_(dtls),
      latency_(latency),
      events_(std::move(events)),
      socket_(options.bind),
      ice_(options.ufrag),
      sctp_(options.label, {.send = [this](Bytes packet) { if (dtls_) dtls_->send(packet); },
                            .open = [this] { events_.channelOpen(); },
                            .text = [this](const std::string& text) { events_.text(text); },
                            .closed = [this] { events_.channelClosed(); }}) {
  // So that hundreds of peers do not report at one time.
  uint32_t random = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&random), sizeof random);
  reportAt_ = monotonicNow() + random % kReportEvery;
}

Peer::~Peer() {
  if (dtls_) dtls_->close();
  socket_.flush();
}

void Peer::setRemote(const Remote& remote) {
  const std::string address = remote.address + ":" + std::to_string(remote.port);
  if (address != remoteAddress_) socket_.connect(remote.address, remote.port);
  remoteAddress_ = address;
  const Nanoseconds now = monotonicNow();
  if (!dtls_) {
    dtls_.emplace(dtlsContext_, remote.fingerprintAlgorithm, remote.fingerprint,
                  Dtls::Events{.send = [this](Bytes datagram) { sendDatagram(datagram); },
                               .connected =
                                   [this](SrtpKeys keys) {
                                     srtp_.emplace(std::move(keys));
                                     publisher_.connect(srtp_->send);
                                     state_ = State::kConnected;
                                     sctp_.start();
                                     events_.connected();
                                   },
                               .data = [this](Bytes data) { sctp_.receive(data); },
                               .ended = [this](const std::string& why) { lose(why); }});
    state_ = State::kConnecting;
  }
  ice_.start(remote.credentials, now);
  tick(now);
}

void Peer::setReceiving(const Receiving& receiving) {
  const Nanoseconds now = monotonicNow();
  std::vector<std::unique_ptr<ReceivedTrack>> kept;
  streams_.clear();
  for (const TrackOffer& offer : receiving.tracks) {
    const auto known = std::find_if(tracks_.begin(), tracks_.end(), [&](const auto& track) {
      return track != nullptr && track->offer().number == offer.number && track->offer().ssrc == offer.ssrc;
    });
    kept.push_back(known == tracks_.end() ? std::make_unique<ReceivedTrack>(offer, now) : std::move(*known));
    ReceivedTrack* track = kept.back().get();
    streams_[offer.ssrc] = {track, false};
    if (offer.rtxSsrc) streams_[*offer.rtxSsrc] = {track, true};
  }
  tracks_ = std::move(kept);
  transportCcId_ = receiving.transportCcId;
}

bool Peer::sendText(const std::string& text) {
  const bool sent = sctp_.sendText(text);
  socket_.flush();
  return sent;
}

void Peer::receive() {
  socket_.receive([this](MutableBytes packet, Nanoseconds arrived) { takePacket(packet, arrived); });
  const Nanoseconds now = monotonicNow();
  tellWishes(now);
  socket_.flush();
}

void Peer::takePacket(MutableBytes packet, Nanoseconds arrived) {
  if (packet.empty()) return;
  if (packet[0] >= 128) {
    if (!srtp_) return;
    if (isRtcp(packet)) takeRtcp(packet, arrived);
    else takeRtp(packet, arrived);
  } else if (stun::isStun(packet)) {
    if (ice_.receive(packet, monotonicNow()) && dtls_) dtls_->start();
  } else if (isDtls(packet) && dtls_) {
    dtls_->receive(packet);
  }
}

void Peer::takeRtp(MutableBytes packet, Nanoseconds arrived) {
  const auto header = readRtpHeader(packet);
  if (!header) return;
  const size_t size = srtp_->receive.unprotectRtp(packet.data(), packet.size(), header->bytes);
  if (size == 0) return;
  if (transportCcId_ != 0) {
    const Bytes sequence = findExtension(*header, transportCcId_);
    if (sequence.size() == 2) arrivals_.note(readU16(sequence.data()), packet.size(), arrived);
  }
  const auto found = streams_.find(header->ssrc);
  // Such as packets that try the link.
  if (found == streams_.end()) return;
  const auto [track, isRtx] = found->second;
  const Bytes payload = withoutPadding(Bytes(packet).subspan(header->bytes, size - header->bytes), header->padded);
  if (const auto sentAt = readStamp(payload)) latency_.add(arrived - *sentAt);
  if (isRtx) {
    track->takeResent(*header, payload, arrived);
    return;
  }
  const bool isFirst = !track->hasAny();
  track->take(*header, payload, arrived);
  if (isFirst) events_.firstPacket(track->offer().number);
}

void Peer::takeRtcp(MutableBytes packet, Nanoseconds arrived) {
  const size_t size = srtp_->receive.unprotectRtcp(packet.data(), packet.size());
  if (size == 0) return;
  rtcp::read(Bytes(packet).first(size), {.senderReport =
                                             [&](uint32_t ssrc, uint64_t ntp) {
                                               const auto found = streams_.find(ssrc);
                                               if (found == streams_.end() || found->second.isRtx) return;
                                               found->second.track->takeSenderReport(ntp, arrived);
                                             },
                                         .keyframeAsked = [&](uint32_t ssrc) { publisher_.hearKeyframeAsked(ssrc, arrived); },
                                         .packetAsked = [&](uint32_t ssrc, uint16_t sequence) { publisher_.hearPacketAsked(ssrc, sequence); }});
}

void Peer::tick(Nanoseconds now) {
  if (const auto request = ice_.tick(now)) sendDatagram(*request);
  if (ice_.state() == Ice::State::kLost) lose("the focus answers no checks");
  if (state_ == State::kConnecting && dtls_) dtls_->tick();
  if (state_ == State::kConnected) {
    publisher_.tick(now);
    tellWishes(now);
    if (now >= reportAt_) {
      reportAt_ = now + kReportEvery;
      tellReports(now);
    }
  }
  socket_.flush();
}

/** What is missing, and what came when: as soon as it is due. */
void Peer::tellWishes(Nanoseconds now) {
  if (state_ != State::kConnected) return;
  compound_.clear();
  const Writer out(compound_);
  std::vector<uint16_t> missing;
  for (const auto& track : tracks_) {
    if (!track->mayWish()) continue;
    bool keyframe = false;
    missing.clear();
    track->collectWishes(now, missing, keyframe);
    if (!missing.empty()) rtcp::writeNack(out, kReceiverSsrc, track->offer().ssrc, missing);
    if (keyframe) rtcp::writePli(out, kReceiverSsrc, track->offer().ssrc);
    if (compound_.size() > 800) sendRtcp(compound_), compound_.clear();
  }
  if (!compound_.empty()) sendRtcp(compound_);
  while (arrivals_.isDue(now)) {
    compound_.clear();
    arrivals_.write(out, kReceiverSsrc, tracks_.empty() ? 0 : tracks_.front()->offer().ssrc, now);
    sendRtcp(compound_);
  }
}

void Peer::tellReports(Nanoseconds now) {
  std::vector<ReportBlock> blocks;
  std::vector<uint32_t> ssrcs;
  for (const auto& track : tracks_) {
    if (!track->hasAny()) continue;
    if (const auto block = track->reportBlock(now)) blocks.push_back(*block);
    ssrcs.push_back(track->offer().ssrc);
  }
  compound_.clear();
  const Writer out(compound_);
  rtcp::writeReceiverReports(out, kReceiverSsrc, blocks);
  if (options_.remb != 0 && !ssrcs.empty()) rtcp::writeRemb(out, kReceiverSsrc, options_.remb, ssrcs);
  if (!compound_.empty()) sendRtcp(compound_);
}

void Peer::sendRtcp(const std::vector<uint8_t>& compound) {
  if (compound.size() > kLongestDatagram) return;
  uint8_t* packet = socket_.reserve();
  std::memcpy(packet, compound.data(), compound.size());
  const size_t size = srtp_->send.protectRtcp(packet, compound.size());
  if (size > 0) socket_.commit(size);
}

void Peer::sendDatagram(Bytes datagram) {
  if (datagram.size() > kLongestDatagram) return;
  std::memcpy(socket_.reserve(), datagram.data(), datagram.size());
  socket_.commit(datagram.size());
}

void Peer::lose(const std::string& why) {
  if (state_ == State::kLost) return;
  state_ = State::kLost;
  events_.lost(why);
}

PeerReport Peer::takeReport(Nanoseconds now) {
  PeerReport report{state_ == State::kConnected, {}, publisher_.takeFigures(), socket_.dropped() - droppedReported_};
  droppedReported_ = socket_.dropped();
  report.tracks.reserve(tracks_.size());
  for (const auto& track : tracks_) report.tracks.push_back({track->offer().number, track->takeFigures(now)});
  return report;
}

}  // namespace weir
