/** SCTP over DTLS with data channels (RFC 8831, RFC 8832): the one that the peer opens, and those that the focus opens. */
#pragma once
#include <functional>
#include <map>
#include <string>

#include "bytes.hpp"

extern "C" struct socket;

namespace weir {

class Sctp {
 public:
  struct Events {
    /** A packet for the other end, over DTLS. */
    std::function<void(Bytes)> send;
    /** The peer's own channel; what comes on channels of the focus is counted alone. */
    std::function<void()> open;
    std::function<void(const std::string&)> text;
    std::function<void()> closed;
  };

  /** `label`: of the channel that it opens. */
  Sctp(std::string label, Events events);
  ~Sctp();
  Sctp(const Sctp&) = delete;
  Sctp& operator=(const Sctp&) = delete;

  /** DTLS is up. Throws std::runtime_error. */
  void start();
  void receive(Bytes packet);
  /** False where the channel is not open, or holds too much already. */
  bool sendText(const std::string& text);

  /** Time has passed for all associations of the process. */
  static void advance(uint32_t milliseconds);

 private:
  friend struct SctpCallbacks;

  void takeMessage(uint16_t stream, uint32_t protocol, Bytes message);
  void takeFragment(uint16_t stream, uint32_t protocol, Bytes part, bool isLast);
  void takeNotification(Bytes notification);
  bool sendMessage(uint16_t stream, uint32_t protocol, Bytes message);
  void openChannel();
  void closeChannel();

  std::string label_;
  Events events_;
  /** What the library knows it by. */
  uintptr_t id_;
  struct ::socket* socket_ = nullptr;
  bool isOpen_ = false;
  /** Parts of messages by stream. */
  std::map<uint16_t, std::vector<uint8_t>> parts_;
};

}  // namespace weir
