/** A UDP socket that reads and writes many packets a call. */
#pragma once
#include <netinet/in.h>

#include <functional>
#include <string>
#include <vector>

#include "bytes.hpp"
#include "clock.hpp"

namespace weir {

class UdpSocket {
 public:
  /** A packet, in a buffer that may be written to; `arrived`: when the system got it. */
  using Take = std::function<void(MutableBytes packet, Nanoseconds arrived)>;

  /** On any port of this IPv4 address. Throws std::runtime_error. */
  explicit UdpSocket(const std::string& address);
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  int descriptor() const { return descriptor_; }
  /** Throws std::runtime_error for what is no IPv4 address. */
  void connect(const std::string& address, uint16_t port);
  /** Reads what is there, some hundred packets at most. */
  void receive(const Take& take);

  /**
   * Room for the next packet to send, of kMostBytes; `commit` says how much of it is used. All sockets share it: `flush` before
   * another one has its turn.
   */
  uint8_t* reserve();
  void commit(size_t size);
  /** Sends what was committed. What the system does not take now is lost, as on any link. */
  void flush();

  /** Packets that the system dropped because nobody read them in time. */
  uint32_t dropped() const { return dropped_; }

  static constexpr size_t kMostBytes = 2'048;

 private:
  int descriptor_;
  bool isConnected_ = false;
  uint32_t dropped_ = 0;
  size_t committed_ = 0;
};

}  // namespace weir
