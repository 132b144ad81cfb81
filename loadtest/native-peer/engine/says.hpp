/** What the engine says: a JSON object a line. */
#pragma once
#include <string>
#include <vector>

#include "latency.hpp"
#include "peer.hpp"

namespace weir {

class Says {
 public:
  /** Its first word; `fingerprint` of the certificate that all peers show, SHA-256. */
  void ready(const std::string& fingerprint);
  void connected(uint32_t peer);
  void lost(uint32_t peer, const std::string& why);
  void channelOpen(uint32_t peer);
  void channelClosed(uint32_t peer);
  void text(uint32_t peer, const std::string& text);
  void firstPacket(uint32_t peer, uint32_t track);
  /** A command that was not done. */
  void refused(const std::string& why);
  void report(const std::vector<std::pair<uint32_t, PeerReport>>& peers, const std::optional<Latency::Spread>& latency);

  /** Writes what was said; what the reader does not take now waits. Throws std::runtime_error where too much waits. */
  void flush(int descriptor);
  bool isWaiting() const { return written_ < out_.size(); }

 private:
  template <typename Fill>
  void say(const char* what, Fill fill);

  std::string out_;
  size_t written_ = 0;
};

}  // namespace weir
