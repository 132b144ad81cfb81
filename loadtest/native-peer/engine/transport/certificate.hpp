/** A certificate of the engine's own, made when it starts: all of its peers show it (RFC 8827, 6.5: ECDSA on P-256). */
#pragma once
#include <memory>
#include <string>

struct evp_pkey_st;
struct x509_st;

namespace weir {

struct KeyFree {
  void operator()(evp_pkey_st* key) const;
};
struct CertificateFree {
  void operator()(x509_st* certificate) const;
};

struct Certificate {
  std::unique_ptr<evp_pkey_st, KeyFree> key;
  std::unique_ptr<x509_st, CertificateFree> certificate;
};

/** Throws std::runtime_error. */
Certificate makeCertificate();

/** As a description writes it, of `algorithm` such as "sha-256": "AB:CD:…" (RFC 8122); empty for an unknown algorithm. */
std::string fingerprintOf(x509_st* certificate, const std::string& algorithm);

}  // namespace weir
