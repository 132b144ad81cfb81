#include "engine.hpp"

#include <sys/epoll.h>

#include <stdexcept>

#include "send/camera.hpp"
#include "send/voice.hpp"

namespace weir {
namespace {
constexpr Nanoseconds kSctpTick = 20 * kMillisecond;
/** Seldom enough to cost next to nothing, as the other light peers send (loadtest/peers/light-source.ts). */
constexpr Nanoseconds kLightVoice = 60 * kMillisecond;
}  // namespace

Engine::Engine(int epoll, std::string mediaFolder, Says& says)
    : epoll_(epoll), mediaFolder_(std::move(mediaFolder)), says_(says) {
  says_.ready(fingerprintOf(certificate_.certificate.get(), "sha-256"));
}

Engine::~Engine() = default;

void Engine::obey(const std::string& line) {
  try {
    std::visit([this](const auto& command) { obey(command); }, command::read(line));
  } catch (const std::exception& error) {
    says_.refused(error.what());
  }
}

Peer& Engine::peerOf(uint32_t number) {
  const auto found = peers_.find(number);
  if (found == peers_.end()) throw std::runtime_error("no peer " + std::to_string(number));
  return *found->second;
}

template <typename Act>
void Engine::attempt(uint32_t number, Peer& peer, Act act) {
  try {
    act(peer);
  } catch (const std::exception& error) {
    says_.lost(number, error.what());
  }
}

void Engine::obey(const command::Open& open) {
  if (peers_.contains(open.peer)) throw std::runtime_error("there is such a peer");
  const uint32_t number = open.peer;
  auto peer = std::make_unique<Peer>(
      open.options, dtls_, latency_,
      Peer::Events{.connected = [this, number] { says_.connected(number); },
                   .lost = [this, number](const std::string& why) { says_.lost(number, why); },
                   .channelOpen = [this, number] { says_.channelOpen(number); },
                   .channelClosed = [this, number] { says_.channelClosed(number); },
                   .text = [this, number](const std::string& text) { says_.text(number, text); },
                   .firstPacket = [this, number](uint32_t track) { says_.firstPacket(number, track); }});
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = number;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, peer->descriptor(), &event) != 0) throw std::runtime_error("epoll");
  peers_.emplace(number, std::move(peer));
}

void Engine::obey(const command::SetRemote& remote) {
  attempt(remote.peer, peerOf(remote.peer), [&](Peer& peer) { peer.setRemote(remote.remote); });
}

void Engine::obey(const command::Receive& receive) { peerOf(receive.peer).setReceiving(receive.receiving); }

/** Read when they are first asked for. */
const Recordings& Engine::recordings() {
  if (!recordings_) recordings_ = readRecordings(mediaFolder_);
  return *recordings_;
}

Source& Engine::sourceOf(uint32_t peer, uint32_t track) {
  Source* source = peerOf(peer).publisher().find(track);
  if (source == nullptr) throw std::runtime_error("no track " + std::to_string(track) + " is sent");
  return *source;
}

void Engine::obey(const command::Send& send) {
  Peer& peer = peerOf(send.peer);
  const Recordings& media = recordings();
  const bool isLight = send.media == command::Media::kLight;
  std::unique_ptr<Source> source;
  if (send.kind == Kind::kVideo) {
    source = isLight ? std::make_unique<Camera>(media.light, kLightFrame, send.streams)
                     : std::make_unique<Camera>(media.simulcast, kSimulcastFrame, send.streams);
  } else {
    source = isLight ? std::make_unique<Voice>(nullptr, kLightVoice, send.streams[0])
                     : std::make_unique<Voice>(&media.voice, kVoicePacket, send.streams[0]);
  }
  peer.publisher().start(send.track, {std::move(source), send.extensions, send.stamped});
}

void Engine::obey(const command::Stop& stop) { peerOf(stop.peer).publisher().stop(stop.track); }

void Engine::obey(const command::Layers& layers) { sourceOf(layers.peer, layers.track).setLayers(layers.active); }

void Engine::obey(const command::Mute& mute) { sourceOf(mute.peer, mute.track).setMuted(mute.muted); }

void Engine::obey(const command::Text& text) {
  if (!peerOf(text.peer).sendText(text.text)) says_.refused("text of peer " + std::to_string(text.peer) + " not sent");
}

void Engine::obey(const command::Report&) {
  const Nanoseconds now = monotonicNow();
  std::vector<std::pair<uint32_t, PeerReport>> reports;
  reports.reserve(peers_.size());
  for (const auto& [number, peer] : peers_) reports.emplace_back(number, peer->takeReport(now));
  says_.report(reports, latency_.take());
}

void Engine::obey(const command::Close& close) { peers_.erase(close.peer); }

void Engine::socketIsReady(uint32_t number) {
  const auto found = peers_.find(number);
  // It was closed by a command that came in the same turn.
  if (found == peers_.end()) return;
  attempt(number, *found->second, [](Peer& peer) { peer.receive(); });
}

void Engine::tick(Nanoseconds now) {
  if (now - sctpTickedAt_ >= kSctpTick) {
    if (sctpTickedAt_ != 0) Sctp::advance(static_cast<uint32_t>((now - sctpTickedAt_) / kMillisecond));
    sctpTickedAt_ = now;
  }
  for (const auto& [number, peer] : peers_) attempt(number, *peer, [now](Peer& each) { each.tick(now); });
}

}  // namespace weir
