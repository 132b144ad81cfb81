#include "transport/srtp.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace weir {
namespace {

constexpr size_t kRtcpHeaderBytes = 8;
constexpr uint32_t kEncryptedFlag = 0x8000'0000;
/** RFC 3711, 4.3.1, of RTP; those of RTCP follow in the same order. */
constexpr uint8_t kLabelEncryption = 0;
constexpr uint8_t kLabelAuthentication = 1;
constexpr uint8_t kLabelSalt = 2;
constexpr uint8_t kLabelsOfRtcp = 3;

void require(int result, const char* what) {
  if (result != 1) throw std::runtime_error(std::string("SRTP: ") + what);
}

/** RFC 3711, 4.3.3: AES in counter mode over the master salt with the label in it. */
void deriveKey(uint8_t label, Bytes masterKey, Bytes masterSalt, MutableBytes key) {
  std::array<uint8_t, 16> counter{};
  std::copy(masterSalt.begin(), masterSalt.end(), counter.begin());
  counter[7] ^= label;
  std::unique_ptr<EVP_CIPHER_CTX, CipherFree> cipher(EVP_CIPHER_CTX_new());
  require(EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_ctr(), nullptr, masterKey.data(), counter.data()), "derivation");
  std::fill(key.begin(), key.end(), 0);
  int written = 0;
  require(EVP_EncryptUpdate(cipher.get(), key.data(), &written, key.data(), static_cast<int>(key.size())), "derivation");
}

}  // namespace

void CipherFree::operator()(evp_cipher_ctx_st* context) const { EVP_CIPHER_CTX_free(context); }
void MacFree::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

SrtpContext::SrtpContext(SrtpSuite suite, Direction direction, Bytes masterKey, Bytes masterSalt)
    : suite_(suite), protects_(direction == Direction::kProtect) {
  derive(rtp_, 0, masterKey, masterSalt);
  derive(rtcp_, kLabelsOfRtcp, masterKey, masterSalt);
}

SrtpContext::SrtpContext(Direction direction, Bytes sessionKey, Bytes sessionSalt, uint32_t rtcpIndex)
    : suite_(SrtpSuite::kAeadAes128Gcm), protects_(direction == Direction::kProtect), rtcpIndex_(rtcpIndex) {
  for (Half* half : {&rtp_, &rtcp_}) {
    std::copy(sessionSalt.begin(), sessionSalt.end(), half->salt.begin());
    setKey(*half, sessionKey);
  }
}

void SrtpContext::setKey(Half& half, Bytes sessionKey) const {
  half.cipher.reset(EVP_CIPHER_CTX_new());
  const EVP_CIPHER* cipher = isGcm() ? EVP_aes_128_gcm() : EVP_aes_128_ctr();
  // Counter mode turns both ways by encrypting.
  const int encrypts = protects_ || !isGcm() ? 1 : 0;
  require(EVP_CipherInit_ex(half.cipher.get(), cipher, nullptr, sessionKey.data(), nullptr, encrypts), "cipher");
}

void SrtpContext::derive(Half& half, uint8_t firstLabel, Bytes masterKey, Bytes masterSalt) {
  std::array<uint8_t, kSrtpKeyBytes> key{};
  deriveKey(firstLabel + kLabelEncryption, masterKey, masterSalt, key);
  deriveKey(firstLabel + kLabelSalt, masterKey, masterSalt, {half.salt.data(), srtpSaltBytes(suite_)});
  setKey(half, key);
  if (isGcm()) return;
  std::array<uint8_t, 20> authenticationKey{};
  deriveKey(firstLabel + kLabelAuthentication, masterKey, masterSalt, authenticationKey);
  EVP_MAC* hmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  half.mac.reset(EVP_MAC_CTX_new(hmac));
  EVP_MAC_free(hmac);
  char digest[] = "SHA1";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
  require(EVP_MAC_init(half.mac.get(), authenticationKey.data(), authenticationKey.size(), parameters), "HMAC");
}

/** RFC 7714, 8.1 and 9.1; RFC 3711, 4.1.1. `index` has 48 bits for RTP, 31 for RTCP. */
SrtpContext::Iv SrtpContext::iv(const Half& half, uint32_t ssrc, uint64_t index) const {
  Iv iv{};
  const size_t ssrcAt = isGcm() ? 2 : 4;
  writeU32(&iv[ssrcAt], ssrc);
  writeU16(&iv[ssrcAt + 4], static_cast<uint32_t>(index >> 32));
  writeU32(&iv[ssrcAt + 6], static_cast<uint32_t>(index));
  for (size_t at = 0; at < srtpSaltBytes(suite_); ++at) iv[at] ^= half.salt[at];
  return iv;
}

bool SrtpContext::crypt(Half& half, const Iv& iv, uint8_t* text, size_t size) {
  int written = 0;
  return EVP_CipherInit_ex(half.cipher.get(), nullptr, nullptr, nullptr, iv.data(), -1) == 1 &&
         EVP_CipherUpdate(half.cipher.get(), text, &written, text, static_cast<int>(size)) == 1;
}

bool SrtpContext::seal(Half& half, const Iv& iv, Bytes aad, Bytes aadTail, uint8_t* text, size_t size, uint8_t* tag) {
  EVP_CIPHER_CTX* cipher = half.cipher.get();
  int written = 0;
  return EVP_CipherInit_ex(cipher, nullptr, nullptr, nullptr, iv.data(), -1) == 1 &&
         EVP_CipherUpdate(cipher, nullptr, &written, aad.data(), static_cast<int>(aad.size())) == 1 &&
         (aadTail.empty() ||
          EVP_CipherUpdate(cipher, nullptr, &written, aadTail.data(), static_cast<int>(aadTail.size())) == 1) &&
         EVP_CipherUpdate(cipher, text, &written, text, static_cast<int>(size)) == 1 &&
         EVP_CipherFinal_ex(cipher, text + written, &written) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tagBytes()), tag) == 1;
}

bool SrtpContext::open(Half& half, const Iv& iv, Bytes aad, Bytes aadTail, uint8_t* text, size_t size,
                       const uint8_t* tag) {
  EVP_CIPHER_CTX* cipher = half.cipher.get();
  int written = 0;
  return EVP_CipherInit_ex(cipher, nullptr, nullptr, nullptr, iv.data(), -1) == 1 &&
         EVP_CipherUpdate(cipher, nullptr, &written, aad.data(), static_cast<int>(aad.size())) == 1 &&
         (aadTail.empty() ||
          EVP_CipherUpdate(cipher, nullptr, &written, aadTail.data(), static_cast<int>(aadTail.size())) == 1) &&
         EVP_CipherUpdate(cipher, text, &written, text, static_cast<int>(size)) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tagBytes()), const_cast<uint8_t*>(tag)) ==
             1 &&
         EVP_CipherFinal_ex(cipher, text + written, &written) == 1;
}

std::array<uint8_t, 20> SrtpContext::authenticate(Half& half, Bytes message, uint32_t trailer) {
  std::array<uint8_t, 20> mac{};
  std::array<uint8_t, 4> tail{};
  writeU32(tail.data(), trailer);
  size_t length = mac.size();
  EVP_MAC_CTX* context = half.mac.get();
  require(EVP_MAC_init(context, nullptr, 0, nullptr), "HMAC");
  require(EVP_MAC_update(context, message.data(), message.size()), "HMAC");
  require(EVP_MAC_update(context, tail.data(), tail.size()), "HMAC");
  require(EVP_MAC_final(context, mac.data(), &length, mac.size()), "HMAC");
  return mac;
}

size_t SrtpContext::protectRtp(uint8_t* packet, size_t size, size_t headerBytes) {
  const uint32_t ssrc = readU32(packet + 8);
  auto [entry, isNew] = highest_.try_emplace(ssrc, readU16(packet + 2));
  const int64_t index = unwrap(entry->second, readU16(packet + 2));
  entry->second = std::max(entry->second, index);
  const Iv counter = iv(rtp_, ssrc, static_cast<uint64_t>(index));
  uint8_t* text = packet + headerBytes;
  if (isGcm()) {
    if (!seal(rtp_, counter, {packet, headerBytes}, {}, text, size - headerBytes, packet + size)) return 0;
  } else {
    if (!crypt(rtp_, counter, text, size - headerBytes)) return 0;
    const auto mac = authenticate(rtp_, {packet, size}, static_cast<uint32_t>(index >> 16));
    std::memcpy(packet + size, mac.data(), tagBytes());
  }
  return size + tagBytes();
}

size_t SrtpContext::unprotectRtp(uint8_t* packet, size_t size, size_t headerBytes) {
  if (size < headerBytes + tagBytes()) return 0;
  const uint32_t ssrc = readU32(packet + 8);
  const auto entry = highest_.find(ssrc);
  const int64_t highest = entry == highest_.end() ? readU16(packet + 2) : entry->second;
  const int64_t index = unwrap(highest, readU16(packet + 2));
  if (index < 0) return 0;
  const size_t textEnd = size - tagBytes();
  const Iv counter = iv(rtp_, ssrc, static_cast<uint64_t>(index));
  uint8_t* text = packet + headerBytes;
  if (isGcm()) {
    if (!open(rtp_, counter, {packet, headerBytes}, {}, text, textEnd - headerBytes, packet + textEnd)) return 0;
  } else {
    const auto mac = authenticate(rtp_, {packet, textEnd}, static_cast<uint32_t>(index >> 16));
    if (CRYPTO_memcmp(mac.data(), packet + textEnd, tagBytes()) != 0) return 0;
    if (!crypt(rtp_, counter, text, textEnd - headerBytes)) return 0;
  }
  // Genuine, so it may move the window.
  if (entry == highest_.end()) highest_.emplace(ssrc, index);
  else if (index > highest) entry->second = index;
  return textEnd;
}

size_t SrtpContext::protectRtcp(uint8_t* packet, size_t size) {
  if (size < kRtcpHeaderBytes) return 0;
  rtcpIndex_ = (rtcpIndex_ + 1) & ~kEncryptedFlag;
  std::array<uint8_t, 4> word{};
  writeU32(word.data(), rtcpIndex_ | kEncryptedFlag);
  const Iv counter = iv(rtcp_, readU32(packet + 4), rtcpIndex_);
  uint8_t* text = packet + kRtcpHeaderBytes;
  if (isGcm()) {
    if (!seal(rtcp_, counter, {packet, kRtcpHeaderBytes}, word, text, size - kRtcpHeaderBytes, packet + size)) return 0;
    std::memcpy(packet + size + tagBytes(), word.data(), word.size());
  } else {
    if (!crypt(rtcp_, counter, text, size - kRtcpHeaderBytes)) return 0;
    const auto mac = authenticate(rtcp_, {packet, size}, rtcpIndex_ | kEncryptedFlag);
    std::memcpy(packet + size, word.data(), word.size());
    std::memcpy(packet + size + word.size(), mac.data(), tagBytes());
  }
  return size + tagBytes() + word.size();
}

size_t SrtpContext::unprotectRtcp(uint8_t* packet, size_t size) {
  constexpr size_t kWordBytes = 4;
  if (size < kRtcpHeaderBytes + tagBytes() + kWordBytes) return 0;
  const size_t textEnd = size - tagBytes() - kWordBytes;
  const uint8_t* word = isGcm() ? packet + size - kWordBytes : packet + textEnd;
  const uint32_t index = readU32(word);
  // Nobody in WebRTC sends RTCP in the clear.
  if ((index & kEncryptedFlag) == 0) return 0;
  const Iv counter = iv(rtcp_, readU32(packet + 4), index & ~kEncryptedFlag);
  uint8_t* text = packet + kRtcpHeaderBytes;
  const size_t textBytes = textEnd - kRtcpHeaderBytes;
  if (isGcm()) {
    std::array<uint8_t, kWordBytes> tail{};
    std::memcpy(tail.data(), word, tail.size());
    if (!open(rtcp_, counter, {packet, kRtcpHeaderBytes}, tail, text, textBytes, packet + textEnd)) return 0;
  } else {
    const auto mac = authenticate(rtcp_, {packet, textEnd}, index);
    if (CRYPTO_memcmp(mac.data(), packet + textEnd + kWordBytes, tagBytes()) != 0) return 0;
    if (!crypt(rtcp_, counter, text, textBytes)) return 0;
  }
  return textEnd;
}

}  // namespace weir
