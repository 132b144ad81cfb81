/** All peers of a process: does what it is told, and tells what happens to them. */
#pragma once
#include <memory>
#include <unordered_map>

#include "transport/certificate.hpp"
#include "commands.hpp"
#include "peer.hpp"
#include "says.hpp"
#include "send/recordings.hpp"

namespace weir {

class Engine {
 public:
  /** `mediaFolder`: of the recordings that peers publish. Peers' sockets are watched by this epoll descriptor, their number in the event's data. */
  Engine(int epoll, std::string mediaFolder, Says& says);
  ~Engine();

  /** Does a command; what is wrong with it is said, and changes nothing. */
  void obey(const std::string& line);
  void socketIsReady(uint32_t peer);
  void tick(Nanoseconds now);
  bool isIdle() const { return peers_.empty(); }

 private:
  void obey(const command::Open& open);
  void obey(const command::SetRemote& remote);
  void obey(const command::Receive& receive);
  void obey(const command::Send& send);
  void obey(const command::Stop& stop);
  void obey(const command::Layers& layers);
  void obey(const command::Mute& mute);
  void obey(const command::Text& text);
  void obey(const command::Report& report);
  void obey(const command::Close& close);
  Peer& peerOf(uint32_t number);
  Source& sourceOf(uint32_t peer, uint32_t track);
  const Recordings& recordings();
  /** Does something with a peer, which is lost where that fails. */
  template <typename Act>
  void attempt(uint32_t number, Peer& peer, Act act);

  int epoll_;
  std::string mediaFolder_;
  std::optional<Recordings> recordings_;
  Says& says_;
  Certificate certificate_ = makeCertificate();
  DtlsContext dtls_{certificate_};
  Latency latency_;
  std::unordered_map<uint32_t, std::unique_ptr<Peer>> peers_;
  Nanoseconds sctpTickedAt_ = 0;
};

}  // namespace weir
