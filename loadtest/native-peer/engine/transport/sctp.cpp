#include "transport/sctp.hpp"

#include <usrsctp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <unordered_map>

namespace weir {
namespace {

/** RFC 8841, 5: of WebRTC. */
constexpr uint16_t kPort = 5'000;
/** The DTLS client has the even ones (RFC 8832, 6). */
constexpr uint16_t kControlStream = 0;
constexpr uint16_t kStreamsOut = 16;
constexpr uint16_t kStreamsIn = 256;
/** What a focus may send at once, and what waits for it at most. */
constexpr int kBufferBytes = 512 * 1024;
constexpr size_t kLongestMessage = 262'144;
/** 1,200 of a datagram less the record of DTLS. */
constexpr uint32_t kPathMtu = 1'140;

enum Protocol : uint32_t { kDcep = 50, kText = 51, kEmptyText = 56 };
enum Dcep : uint8_t { kAck = 2, kOpen = 3 };

std::unordered_map<uintptr_t, Sctp*>& associations() {
  static std::unordered_map<uintptr_t, Sctp*> all;
  return all;
}

Sctp* find(void* id) {
  const auto found = associations().find(reinterpret_cast<uintptr_t>(id));
  return found == associations().end() ? nullptr : found->second;
}

sockaddr_conn addressOf(uintptr_t id) {
  sockaddr_conn address{};
  address.sconn_family = AF_CONN;
  address.sconn_port = htons(kPort);
  address.sconn_addr = reinterpret_cast<void*>(id);
  return address;
}

template <typename Option>
void set(struct socket* on, int level, int name, const Option& option) {
  if (usrsctp_setsockopt(on, level, name, &option, sizeof option) != 0) throw std::runtime_error("SCTP: option");
}

}  // namespace

/** The library's calls, which know an association by its id. */
struct SctpCallbacks {
  static int output(void* id, void* packet, size_t length, uint8_t, uint8_t) {
    if (Sctp* sctp = find(id)) sctp->events_.send({static_cast<const uint8_t*>(packet), length});
    return 0;
  }

  static int input(struct socket*, union sctp_sockstore, void* data, size_t length, sctp_rcvinfo info, int flags, void* id) {
    Sctp* sctp = find(id);
    if (sctp != nullptr && data != nullptr) {
      const Bytes bytes(static_cast<const uint8_t*>(data), length);
      if ((flags & MSG_NOTIFICATION) != 0) sctp->takeNotification(bytes);
      else sctp->takeFragment(info.rcv_sid, ntohl(info.rcv_ppid), bytes, (flags & MSG_EOR) != 0);
    }
    std::free(data);
    return 1;
  }

  static void initialise() {
    static const bool done = [] {
      usrsctp_init_nothreads(0, output, nullptr);
      usrsctp_sysctl_set_sctp_ecn_enable(0);
      usrsctp_sysctl_set_sctp_asconf_enable(0);
      usrsctp_sysctl_set_sctp_auth_enable(0);
      usrsctp_sysctl_set_sctp_pr_enable(1);
      usrsctp_sysctl_set_sctp_sendspace(kBufferBytes);
      usrsctp_sysctl_set_sctp_recvspace(kBufferBytes);
      usrsctp_sysctl_set_sctp_max_chunks_on_queue(1'024);
      return true;
    }();
    static_cast<void>(done);
  }
};

Sctp::Sctp(std::string label, Events events) : label_(std::move(label)), events_(std::move(events)) {
  static uintptr_t lastId = 0;
  id_ = ++lastId;
  associations().emplace(id_, this);
}

Sctp::~Sctp() {
  // What the end of it would send is of no use: the other end sees DTLS close.
  associations().erase(id_);
  if (socket_ == nullptr) return;
  usrsctp_close(socket_);
  usrsctp_deregister_address(reinterpret_cast<void*>(id_));
}

void Sctp::start() {
  SctpCallbacks::initialise();
  usrsctp_register_address(reinterpret_cast<void*>(id_));
  socket_ = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, SctpCallbacks::input, nullptr, 0,
                           reinterpret_cast<void*>(id_));
  if (socket_ == nullptr) throw std::runtime_error("SCTP: no socket");
  usrsctp_set_non_blocking(socket_, 1);
  set(socket_, SOL_SOCKET, SO_LINGER, linger{1, 0});
  set(socket_, IPPROTO_SCTP, SCTP_NODELAY, 1);
  set(socket_, IPPROTO_SCTP, SCTP_INITMSG, sctp_initmsg{kStreamsOut, kStreamsIn, 0, 0});
  sctp_assoc_value reset{};
  reset.assoc_id = SCTP_ALL_ASSOC;
  reset.assoc_value = SCTP_ENABLE_RESET_STREAM_REQ | SCTP_ENABLE_RESET_ASSOC_REQ;
  set(socket_, IPPROTO_SCTP, SCTP_ENABLE_STREAM_RESET, reset);
  for (const uint16_t type : {SCTP_ASSOC_CHANGE, SCTP_SHUTDOWN_EVENT, SCTP_STREAM_RESET_EVENT}) {
    sctp_event event{};
    event.se_assoc_id = SCTP_ALL_ASSOC;
    event.se_type = type;
    event.se_on = 1;
    set(socket_, IPPROTO_SCTP, SCTP_EVENT, event);
  }
  sctp_paddrparams path{};
  sockaddr_conn address = addressOf(id_);
  std::memcpy(&path.spp_address, &address, sizeof address);
  path.spp_flags = SPP_PMTUD_DISABLE;
  path.spp_pathmtu = kPathMtu;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (usrsctp_bind(socket_, generic, sizeof address) != 0) throw std::runtime_error("SCTP: bind");
  if (usrsctp_connect(socket_, generic, sizeof address) != 0 && errno != EINPROGRESS) {
    throw std::runtime_error("SCTP: connect");
  }
  set(socket_, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, path);
}

void Sctp::receive(Bytes packet) {
  if (socket_ != nullptr) usrsctp_conninput(reinterpret_cast<void*>(id_), packet.data(), packet.size(), 0);
}

bool Sctp::sendText(const std::string& text) {
  if (!isOpen_) return false;
  // RFC 8831, 6.6: SCTP has no empty messages.
  if (text.empty()) return sendMessage(kControlStream, kEmptyText, std::array<uint8_t, 1>{0});
  return sendMessage(kControlStream, kText, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

bool Sctp::sendMessage(uint16_t stream, uint32_t protocol, Bytes message) {
  sctp_sendv_spa how{};
  how.sendv_flags = SCTP_SEND_SNDINFO_VALID;
  how.sendv_sndinfo.snd_sid = stream;
  how.sendv_sndinfo.snd_ppid = htonl(protocol);
  how.sendv_sndinfo.snd_flags = SCTP_EOR;
  return usrsctp_sendv(socket_, message.data(), message.size(), nullptr, 0, &how, sizeof how, SCTP_SENDV_SPA, 0) >= 0;
}

void Sctp::openChannel() {
  std::vector<uint8_t> open;
  Writer out(open);
  out.u8(kOpen);
  // Reliable and in order, of the priority that browsers give.
  out.u8(0);
  out.u16(256);
  out.u32(0);
  out.u16(static_cast<uint32_t>(label_.size()));
  out.u16(0);
  out.bytes({reinterpret_cast<const uint8_t*>(label_.data()), label_.size()});
  sendMessage(kControlStream, kDcep, open);
}

void Sctp::closeChannel() {
  if (!isOpen_) return;
  isOpen_ = false;
  events_.closed();
}

void Sctp::takeFragment(uint16_t stream, uint32_t protocol, Bytes part, bool isLast) {
  const auto begun = parts_.find(stream);
  if (isLast && begun == parts_.end()) {
    takeMessage(stream, protocol, part);
    return;
  }
  std::vector<uint8_t>& parts = parts_[stream];
  // Longer than the description allows: its end is all that is kept of it.
  if (parts.size() + part.size() > kLongestMessage) parts.clear();
  parts.insert(parts.end(), part.begin(), part.end());
  if (!isLast) return;
  const std::vector<uint8_t> whole = std::move(parts);
  parts_.erase(stream);
  takeMessage(stream, protocol, whole);
}

void Sctp::takeMessage(uint16_t stream, uint32_t protocol, Bytes message) {
  if (protocol == kDcep && !message.empty()) {
    if (message[0] == kOpen) sendMessage(stream, kDcep, std::array<uint8_t, 1>{kAck});
    if (message[0] == kAck && stream == kControlStream && !isOpen_) {
      isOpen_ = true;
      events_.open();
    }
    return;
  }
  if (stream != kControlStream) return;
  if (protocol == kText) events_.text({reinterpret_cast<const char*>(message.data()), message.size()});
  if (protocol == kEmptyText) events_.text({});
}

void Sctp::takeNotification(Bytes bytes) {
  sctp_notification notification{};
  std::memcpy(&notification, bytes.data(), std::min(bytes.size(), sizeof notification));
  switch (notification.sn_header.sn_type) {
    case SCTP_ASSOC_CHANGE: {
      const uint16_t state = notification.sn_assoc_change.sac_state;
      if (state == SCTP_COMM_UP) openChannel();
      if (state == SCTP_COMM_LOST || state == SCTP_SHUTDOWN_COMP || state == SCTP_CANT_STR_ASSOC) closeChannel();
      return;
    }
    case SCTP_SHUTDOWN_EVENT:
      closeChannel();
      return;
    case SCTP_STREAM_RESET_EVENT: {
      const sctp_stream_reset_event& reset = notification.sn_strreset_event;
      if ((reset.strreset_flags & SCTP_STREAM_RESET_INCOMING_SSN) == 0 || bytes.size() < sizeof reset) return;
      const size_t listed = (bytes.size() - sizeof reset) / sizeof(uint16_t);
      for (size_t at = 0; at < listed; ++at) {
        uint16_t stream = 0;
        std::memcpy(&stream, bytes.data() + sizeof reset + at * sizeof stream, sizeof stream);
        if (stream == kControlStream) closeChannel();
      }
      return;
    }
    default:
      return;
  }
}

void Sctp::advance(uint32_t milliseconds) { usrsctp_handle_timers(milliseconds); }

}  // namespace weir
