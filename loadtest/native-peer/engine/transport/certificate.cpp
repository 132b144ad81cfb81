#include "transport/certificate.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace weir {
namespace {
constexpr long kLifetimeSeconds = 30L * 24 * 3600;
constexpr long kYesterday = -24L * 3600;
}  // namespace

void KeyFree::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }
void CertificateFree::operator()(x509_st* certificate) const { X509_free(certificate); }

Certificate makeCertificate() {
  Certificate made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  X509* certificate = made.certificate.get();
  if (made.key == nullptr || certificate == nullptr) throw std::runtime_error("cannot make a key");
  std::array<uint8_t, 8> serial{};
  RAND_bytes(serial.data(), serial.size());
  uint64_t number = 0;
  for (const uint8_t byte : serial) number = number << 8 | byte;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number);
  X509_gmtime_adj(X509_getm_notBefore(certificate), kYesterday);
  X509_gmtime_adj(X509_getm_notAfter(certificate), kLifetimeSeconds);
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* common = reinterpret_cast<const unsigned char*>("load peer");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common, -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_set_pubkey(certificate, made.key.get());
  if (X509_sign(certificate, made.key.get(), EVP_sha256()) == 0) throw std::runtime_error("cannot make a certificate");
  return made;
}

std::string fingerprintOf(x509_st* certificate, const std::string& algorithm) {
  std::string name = algorithm;
  std::erase(name, '-');
  const EVP_MD* digest = EVP_get_digestbyname(name.c_str());
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned length = 0;
  if (digest == nullptr || X509_digest(certificate, digest, hash.data(), &length) != 1) return {};
  std::string text;
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (unsigned at = 0; at < length; ++at) {
    if (at > 0) text += ':';
    text += kDigits[hash[at] >> 4];
    text += kDigits[hash[at] & 15];
  }
  return text;
}

}  // namespace weir
