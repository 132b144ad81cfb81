#include "transport/stun.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

namespace weir::stun {
namespace {

constexpr uint32_t kMagicCookie = 0x2112A442;
constexpr size_t kHeaderBytes = 20;
constexpr size_t kIntegrityBytes = 20;
constexpr uint32_t kFingerprintXor = 0x5354554e;
/** RFC 8445, 5.1.2.1: of a peer-reflexive candidate, which is what a lite agent makes of us. */
constexpr uint32_t kPriority = (110u << 24) | (65535u << 8) | 255u;

enum Type : uint16_t { kBindingRequest = 0x0001, kBindingSuccess = 0x0101, kBindingError = 0x0111 };
enum Attribute : uint16_t {
  kUsername = 0x0006,
  kMessageIntegrity = 0x0008,
  kPriorityAttribute = 0x0024,
  kUseCandidate = 0x0025,
  kFingerprint = 0x8028,
  kIceControlling = 0x802a,
};

uint32_t crc32(Bytes bytes) {
  uint32_t crc = 0xffffffff;
  for (const uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xedb88320 & (0u - (crc & 1)));
  }
  return ~crc;
}

std::array<uint8_t, kIntegrityBytes> integrity(Bytes message, const std::string& password) {
  std::array<uint8_t, kIntegrityBytes> mac{};
  unsigned length = mac.size();
  HMAC(EVP_sha1(), password.data(), static_cast<int>(password.size()), message.data(), message.size(), mac.data(),
       &length);
  return mac;
}

/** The length in the header counts what follows it, up to the attribute that is being made. */
void setLength(std::vector<uint8_t>& message, size_t attributeBytes) {
  writeU16(message.data() + 2, static_cast<uint32_t>(message.size() - kHeaderBytes + attributeBytes));
}

}  // namespace

std::vector<uint8_t> bindingRequest(const TransactionId& id, const Credentials& remote, const std::string& ownUfrag,
                                    uint64_t tieBreaker) {
  std::vector<uint8_t> message;
  message.reserve(160);
  Writer out(message);
  out.u16(kBindingRequest);
  out.u16(0);
  out.u32(kMagicCookie);
  out.bytes(id);
  const std::string username = remote.ufrag + ":" + ownUfrag;
  out.u16(kUsername);
  out.u16(static_cast<uint32_t>(username.size()));
  out.bytes({reinterpret_cast<const uint8_t*>(username.data()), username.size()});
  out.pad(4);
  out.u16(kPriorityAttribute);
  out.u16(4);
  out.u32(kPriority);
  out.u16(kIceControlling);
  out.u16(8);
  out.u32(static_cast<uint32_t>(tieBreaker >> 32));
  out.u32(static_cast<uint32_t>(tieBreaker));
  out.u16(kUseCandidate);
  out.u16(0);
  setLength(message, 4 + kIntegrityBytes);
  const auto mac = integrity(message, remote.password);
  out.u16(kMessageIntegrity);
  out.u16(kIntegrityBytes);
  out.bytes(mac);
  setLength(message, 8);
  const uint32_t fingerprint = crc32(message) ^ kFingerprintXor;
  out.u16(kFingerprint);
  out.u16(4);
  out.u32(fingerprint);
  return message;
}

std::optional<Response> readResponse(Bytes packet, const std::string& password) {
  if (!isStun(packet) || readU32(&packet[4]) != kMagicCookie) return std::nullopt;
  const uint16_t type = readU16(&packet[0]);
  if (type != kBindingSuccess && type != kBindingError) return std::nullopt;
  Response response{{}, type == kBindingSuccess};
  std::copy_n(&packet[8], response.id.size(), response.id.begin());
  for (size_t at = kHeaderBytes; at + 4 <= packet.size();) {
    const uint16_t attribute = readU16(&packet[at]);
    const size_t length = readU16(&packet[at + 2]);
    if (at + 4 + length > packet.size()) return std::nullopt;
    if (attribute == kMessageIntegrity && length == kIntegrityBytes) {
      std::vector<uint8_t> signedPart(packet.begin(), packet.begin() + static_cast<ptrdiff_t>(at));
      setLength(signedPart, 4 + kIntegrityBytes);
      const auto mac = integrity(signedPart, password);
      if (CRYPTO_memcmp(mac.data(), &packet[at + 4], mac.size()) != 0) return std::nullopt;
      return response;
    }
    at += 4 + (length + 3) / 4 * 4;
  }
  // RFC 8489, 9.1.4: errors about credentials have no integrity; answers that succeed must.
  if (!response.success) return response;
  return std::nullopt;
}

}  // namespace weir::stun
