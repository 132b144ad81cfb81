/** All peers of a process: does what it is told, and tells what happens to them. */
#pragma once
#include <memory>
#include <unordered_map>

#include "certificate.hpp"
#include "commands.hpp"
#include "peer.hpp"
#include "says.hpp"

namespace weir {

class Engine {
 public:
  /** Peers' sockets are watched by this epoll descriptor, their number in the event's data. */
  Engine(int epoll, Says& says);
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
  void obey(const command::Text& text);
  void obey(const command::Report& report);
  void obey(const command::Close& close);
  Peer& peerOf(uint32_t number);
  /** Does something with a peer, which is lost where that fails. */
  template <typename Act>
  void attempt(uint32_t number, Peer& peer, Act act);

  int epoll_;
  Says& says_;
  Certificate certificate_ = makeCertificate();
  DtlsContext dtls_{certificate_};
  Latency latency_;
  std::unordered_map<uint32_t, std::unique_ptr<Peer>> peers_;
  Nanoseconds sctpTickedAt_ = 0;
};

}  // namespace weir
