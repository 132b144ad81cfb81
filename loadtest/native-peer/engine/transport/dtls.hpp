/** The DTLS client of a peer (RFC 6347; RFC 5764 for the keys of SRTP). Datagrams go in and out by calls; time is asked for. */
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "bytes.hpp"
#include "transport/certificate.hpp"
#include "clock.hpp"
#include "transport/srtp.hpp"

struct ssl_st;
struct ssl_ctx_st;

namespace weir {

struct ContextFree {
  void operator()(ssl_ctx_st* context) const;
};
struct SslFree {
  void operator()(ssl_st* ssl) const;
};

/** What all DTLS clients of a process share. */
class DtlsContext {
 public:
  explicit DtlsContext(const Certificate& certificate);
  ssl_ctx_st* get() const { return context_.get(); }

 private:
  std::unique_ptr<ssl_ctx_st, ContextFree> context_;
};

struct SrtpKeys {
  SrtpSuite suite;
  SrtpContext send;
  SrtpContext receive;
};

class Dtls {
 public:
  struct Events {
    std::function<void(Bytes)> send;
    std::function<void(SrtpKeys)> connected;
    std::function<void(Bytes)> data;
    /** It ended, or never came up; why. Nothing comes afterwards. */
    std::function<void(const std::string&)> ended;
  };

  /** `fingerprint`: algorithm and hash of the certificate that the other end has to show. */
  Dtls(const DtlsContext& context, std::string algorithm, std::string hash, Events events);
  ~Dtls();
  Dtls(const Dtls&) = delete;
  Dtls& operator=(const Dtls&) = delete;

  void start();
  void receive(Bytes datagram);
  /** False where it is not up. */
  bool send(Bytes message);
  /** Sends again what was lost of the handshake. */
  void tick();
  bool isUp() const { return state_ == State::kUp; }
  void close();

 private:
  enum class State { kIdle, kShakingHands, kUp, kEnded };

  void advance();
  void finish();
  void end(const std::string& why);

  Events events_;
  std::string algorithm_;
  std::string hash_;
  std::unique_ptr<ssl_st, SslFree> ssl_;
  State state_ = State::kIdle;
};

}  // namespace weir
