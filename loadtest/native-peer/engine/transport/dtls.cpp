#include "transport/dtls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <stdexcept>

namespace weir {
namespace {

/** Of a datagram: fits the smallest MTU that IPv6 promises, with UDP and a relay's header. */
constexpr long kMtu = 1'200;
constexpr const char* kSuites = "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80";
constexpr const char* kExporterLabel = "EXTRACTOR-dtls_srtp";

Dtls::Events* eventsOf(BIO* bio) { return static_cast<Dtls::Events*>(BIO_get_data(bio)); }

/** A BIO that hands each datagram on as it is: one of memory would glue them together. */
BIO_METHOD* outgoing() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams");
    BIO_meth_set_create(made, [](BIO* bio) {
      BIO_set_init(bio, 1);
      return 1;
    });
    BIO_meth_set_write(made, [](BIO* bio, const char* data, int length) {
      eventsOf(bio)->send({reinterpret_cast<const uint8_t*>(data), static_cast<size_t>(length)});
      return length;
    });
    BIO_meth_set_ctrl(made, [](BIO*, int command, long, void*) -> long { return command == BIO_CTRL_FLUSH ? 1 : 0; });
    return made;
  }();
  return method;
}

/** Descriptions vouch for certificates by their fingerprint, which is checked when all is there. */
int takeAnyCertificate(int, X509_STORE_CTX*) { return 1; }

std::string lastError(const char* what) {
  std::array<char, 200> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return std::string(what) + ": " + text.data();
}

}  // namespace

void ContextFree::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }
void SslFree::operator()(ssl_st* ssl) const { SSL_free(ssl); }

DtlsContext::DtlsContext(const Certificate& certificate) : context_(SSL_CTX_new(DTLS_client_method())) {
  SSL_CTX* context = context_.get();
  if (context == nullptr || SSL_CTX_use_certificate(context, certificate.certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, certificate.key.get()) != 1) {
    throw std::runtime_error(lastError("DTLS"));
  }
  // The newest that the library has: DTLS 1.3 came with OpenSSL 4.
  SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, takeAnyCertificate);
  SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  // It answers 0 when all is well.
  if (SSL_CTX_set_tlsext_use_srtp(context, kSuites) != 0) throw std::runtime_error(lastError("use_srtp"));
}

Dtls::Dtls(const DtlsContext& context, std::string algorithm, std::string hash, Events events)
    : events_(std::move(events)), algorithm_(std::move(algorithm)), hash_(std::move(hash)), ssl_(SSL_new(context.get())) {
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(outgoing());
  if (ssl_ == nullptr || in == nullptr || out == nullptr) throw std::runtime_error(lastError("DTLS"));
  // An empty one says "try again", not "the end".
  BIO_set_mem_eof_return(in, -1);
  BIO_set_data(out, &events_);
  SSL_set_bio(ssl_.get(), in, out);
  SSL_set_connect_state(ssl_.get());
  DTLS_set_link_mtu(ssl_.get(), kMtu);
}

Dtls::~Dtls() = default;

void Dtls::start() {
  if (state_ != State::kIdle) return;
  state_ = State::kShakingHands;
  advance();
}

void Dtls::receive(Bytes datagram) {
  if (state_ != State::kShakingHands && state_ != State::kUp) return;
  BIO_write(SSL_get_rbio(ssl_.get()), datagram.data(), static_cast<int>(datagram.size()));
  advance();
}

void Dtls::advance() {
  ERR_clear_error();
  if (state_ == State::kShakingHands) {
    const int done = SSL_do_handshake(ssl_.get());
    if (done == 1) finish();
    else if (SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_READ) end(lastError("DTLS handshake"));
  }
  std::array<uint8_t, 17'000> message;
  while (state_ == State::kUp) {
    const int length = SSL_read(ssl_.get(), message.data(), message.size());
    if (length > 0) {
      events_.data({message.data(), static_cast<size_t>(length)});
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), length);
    if (error == SSL_ERROR_WANT_READ) return;
    end(error == SSL_ERROR_ZERO_RETURN ? "the focus closed the connection" : lastError("DTLS"));
  }
}

void Dtls::finish() {
  const std::unique_ptr<X509, CertificateFree> shown(SSL_get1_peer_certificate(ssl_.get()));
  if (shown == nullptr || fingerprintOf(shown.get(), algorithm_) != hash_) {
    end("the certificate of the focus is not the one that its description names");
    return;
  }
  const SRTP_PROTECTION_PROFILE* profile = SSL_get_selected_srtp_profile(ssl_.get());
  if (profile == nullptr) {
    end("no SRTP suite in common");
    return;
  }
  const SrtpSuite suite =
      profile->id == SRTP_AEAD_AES_128_GCM ? SrtpSuite::kAeadAes128Gcm : SrtpSuite::kAesCm128HmacSha1_80;
  const size_t salt = srtpSaltBytes(suite);
  // RFC 5764, 4.2: key of the client, of the server, salt of the client, of the server.
  std::array<uint8_t, 2 * (kSrtpKeyBytes + 14)> material{};
  const size_t length = 2 * (kSrtpKeyBytes + salt);
  const std::string label = kExporterLabel;
  if (SSL_export_keying_material(ssl_.get(), material.data(), length, label.data(), label.size(), nullptr, 0, 0) != 1) {
    end(lastError("SRTP keys"));
    return;
  }
  const Bytes keys(material);
  const Bytes salts = keys.subspan(2 * kSrtpKeyBytes);
  state_ = State::kUp;
  using Direction = SrtpContext::Direction;
  events_.connected({suite,
                     SrtpContext(suite, Direction::kProtect, keys.first(kSrtpKeyBytes), salts.first(salt)),
                     SrtpContext(suite, Direction::kUnprotect, keys.subspan(kSrtpKeyBytes, kSrtpKeyBytes),
                                 salts.subspan(salt, salt))});
}

bool Dtls::send(Bytes message) {
  if (state_ != State::kUp) return false;
  return SSL_write(ssl_.get(), message.data(), static_cast<int>(message.size())) > 0;
}

void Dtls::tick() {
  if (state_ != State::kShakingHands) return;
  if (DTLSv1_handle_timeout(ssl_.get()) < 0) end("DTLS handshake: no answer");
}

void Dtls::close() {
  if (state_ == State::kUp) SSL_shutdown(ssl_.get());
  state_ = State::kEnded;
}

void Dtls::end(const std::string& why) {
  state_ = State::kEnded;
  events_.ended(why);
}

}  // namespace weir
