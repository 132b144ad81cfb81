#include "transport/udp_socket.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace weir {
namespace {

constexpr size_t kBatch = 64;
/** Batches that one socket may read before the others have their turn. */
constexpr int kBatchesAtOnce = 4;
constexpr int kReceiveBufferBytes = 1 << 20;

constexpr size_t kControlBytes = CMSG_SPACE(sizeof(timespec)) + CMSG_SPACE(sizeof(uint32_t));

/** Packets of one call. Set up once: the engine has one thread, and its sockets have their turn one after the other. */
struct Batch {
  std::array<std::array<uint8_t, UdpSocket::kMostBytes>, kBatch> packets;
  alignas(cmsghdr) std::array<std::array<char, kControlBytes>, kBatch> controls;
  std::array<iovec, kBatch> places;
  std::array<mmsghdr, kBatch> messages{};

  Batch() {
    for (size_t each = 0; each < kBatch; ++each) {
      places[each] = {packets[each].data(), packets[each].size()};
      messages[each].msg_hdr.msg_iov = &places[each];
      messages[each].msg_hdr.msg_iovlen = 1;
    }
  }
};

Batch& incoming() {
  static Batch* const batch = [] {
    auto* made = new Batch;
    for (size_t each = 0; each < kBatch; ++each) {
      made->messages[each].msg_hdr.msg_control = made->controls[each].data();
      made->messages[each].msg_hdr.msg_controllen = kControlBytes;
    }
    return made;
  }();
  return *batch;
}

Batch& outgoing() {
  static Batch* const batch = new Batch;
  return *batch;
}

sockaddr_in addressOf(const std::string& address, uint16_t port) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &made.sin_addr) != 1) throw std::runtime_error("no IPv4 address: " + address);
  return made;
}

struct Ancillary {
  Nanoseconds stampedAt = 0;
  bool tellsDrops = false;
  uint32_t dropped = 0;
};

Ancillary readAncillary(msghdr& message) {
  Ancillary read;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type == SCM_TIMESTAMPNS) {
      timespec time{};
      std::memcpy(&time, CMSG_DATA(part), sizeof time);
      read.stampedAt = time.tv_sec * kSecond + time.tv_nsec;
    } else if (part->cmsg_type == SO_RXQ_OVFL) {
      read.tellsDrops = true;
      std::memcpy(&read.dropped, CMSG_DATA(part), sizeof read.dropped);
    }
  }
  return read;
}

}  // namespace

UdpSocket::UdpSocket(const std::string& address)
    : descriptor_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  if (descriptor_ < 0) throw std::runtime_error(std::string("socket: ") + std::strerror(errno));
  const int on = 1;
  const int bytes = kReceiveBufferBytes;
  setsockopt(descriptor_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  setsockopt(descriptor_, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  try {
    const sockaddr_in own = addressOf(address, 0);
    if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
      throw std::runtime_error("bind to " + address + ": " + std::strerror(errno));
    }
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

UdpSocket::~UdpSocket() { close(descriptor_); }

void UdpSocket::connect(const std::string& address, uint16_t port) {
  const sockaddr_in remote = addressOf(address, port);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&remote), sizeof remote) != 0) {
    throw std::runtime_error("connect to " + address + ": " + std::strerror(errno));
  }
  isConnected_ = true;
}

void UdpSocket::receive(const Take& take) {
  auto& [packets, controls, places, messages] = incoming();
  for (int batch = 0; batch < kBatchesAtOnce; ++batch) {
    // A port that is closed shows as an error of the next call; consent will run out.
    const int count = recvmmsg(descriptor_, messages.data(), kBatch, 0, nullptr);
    if (count <= 0) return;
    const Nanoseconds offset = wallNow() - monotonicNow();
    for (size_t each = 0; each < static_cast<size_t>(count); ++each) {
      msghdr& header = messages[each].msg_hdr;
      const Ancillary ancillary = readAncillary(header);
      // The system left there how much of it is used.
      header.msg_controllen = kControlBytes;
      if (ancillary.tellsDrops) dropped_ = ancillary.dropped;
      const Nanoseconds arrived = ancillary.stampedAt == 0 ? monotonicNow() : ancillary.stampedAt - offset;
      take({packets[each].data(), messages[each].msg_len}, arrived);
    }
    if (static_cast<size_t>(count) < kBatch) return;
  }
}

uint8_t* UdpSocket::reserve() {
  if (committed_ == kBatch) flush();
  return outgoing().packets[committed_].data();
}

void UdpSocket::commit(size_t size) {
  outgoing().places[committed_].iov_len = size;
  committed_ += 1;
}

void UdpSocket::flush() {
  auto& messages = outgoing().messages;
  for (size_t sent = 0; isConnected_ && sent < committed_;) {
    const int count = sendmmsg(descriptor_, &messages[sent], static_cast<unsigned>(committed_ - sent), 0);
    // An ICMP error of an earlier packet fails one call.
    sent += count > 0 ? static_cast<size_t>(count) : 1;
  }
  committed_ = 0;
}

}  // namespace weir
