/** SRTP and SRTCP (RFC 3711) in the two suites that WebRTC agrees on: AEAD_AES_128_GCM (RFC 7714), and AES_CM_128_HMAC_SHA1_80. */
#pragma once
#include <array>
#include <memory>
#include <unordered_map>

#include "bytes.hpp"

struct evp_cipher_ctx_st;
struct evp_mac_ctx_st;

namespace weir {

enum class SrtpSuite { kAeadAes128Gcm, kAesCm128HmacSha1_80 };

/** Bytes of master key and master salt. */
constexpr size_t kSrtpKeyBytes = 16;
constexpr size_t srtpSaltBytes(SrtpSuite suite) { return suite == SrtpSuite::kAeadAes128Gcm ? 12 : 14; }
/** The most that a packet grows by. */
constexpr size_t kSrtpOverhead = 20;

struct CipherFree {
  void operator()(evp_cipher_ctx_st* context) const;
};
struct MacFree {
  void operator()(evp_mac_ctx_st* context) const;
};

/** One direction of one session. Works in place. */
class SrtpContext {
 public:
  enum class Direction { kProtect, kUnprotect };

  /** Throws std::runtime_error where the library refuses. */
  SrtpContext(SrtpSuite suite, Direction direction, Bytes masterKey, Bytes masterSalt);

  /** With session keys that are known already, of the GCM suite: as test vectors name them. */
  SrtpContext(Direction direction, Bytes sessionKey, Bytes sessionSalt, uint32_t rtcpIndex);

  /** `packet` begins with an RTP header of `headerBytes`, extensions included; `room` bytes may be written. Gives the new size. */
  size_t protectRtp(uint8_t* packet, size_t size, size_t headerBytes);
  /** Gives the new size; 0 for a packet that is not genuine. */
  size_t unprotectRtp(uint8_t* packet, size_t size, size_t headerBytes);
  size_t protectRtcp(uint8_t* packet, size_t size);
  size_t unprotectRtcp(uint8_t* packet, size_t size);

 private:
  using Iv = std::array<uint8_t, 16>;
  struct Half {
    std::unique_ptr<evp_cipher_ctx_st, CipherFree> cipher;
    std::unique_ptr<evp_mac_ctx_st, MacFree> mac;
    std::array<uint8_t, 14> salt{};
  };

  void derive(Half& half, uint8_t firstLabel, Bytes masterKey, Bytes masterSalt);
  void setKey(Half& half, Bytes sessionKey) const;
  Iv iv(const Half& half, uint32_t ssrc, uint64_t index) const;
  bool seal(Half& half, const Iv& iv, Bytes aad, Bytes aadTail, uint8_t* text, size_t size, uint8_t* tag);
  bool open(Half& half, const Iv& iv, Bytes aad, Bytes aadTail, uint8_t* text, size_t size, const uint8_t* tag);
  bool crypt(Half& half, const Iv& iv, uint8_t* text, size_t size);
  std::array<uint8_t, 20> authenticate(Half& half, Bytes message, uint32_t trailer);
  bool isGcm() const { return suite_ == SrtpSuite::kAeadAes128Gcm; }
  size_t tagBytes() const { return isGcm() ? 16 : 10; }

  SrtpSuite suite_;
  bool protects_;
  Half rtp_;
  Half rtcp_;
  /** Of each ssrc the highest sequence number, with its rollovers above it (RFC 3711, 3.3.1). */
  std::unordered_map<uint32_t, int64_t> highest_;
  uint32_t rtcpIndex_ = 0;
};

}  // namespace weir
