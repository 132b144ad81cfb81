#include "self_test.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "receive/arrivals.hpp"
#include "transport/srtp.hpp"
#include "transport/stun.hpp"
#include "receive/transport_cc.hpp"

namespace weir {
namespace {

int failures = 0;

void expect(bool holds, const char* what) {
  if (holds) return;
  failures += 1;
  std::fprintf(stderr, "wrong: %s\n", what);
}

std::vector<uint8_t> hex(const std::string& text) {
  std::vector<uint8_t> bytes;
  for (size_t at = 0; at + 1 < text.size(); at += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(text.substr(at, 2), nullptr, 16)));
  }
  return bytes;
}

bool same(Bytes one, Bytes other) { return std::equal(one.begin(), one.end(), other.begin(), other.end()); }

/** RFC 7714, 16.1.1 and 17.1. */
void testGcmVectors() {
  const auto key = hex("000102030405060708090a0b0c0d0e0f");
  const auto salt = hex("517569642070726f2071756f");
  SrtpContext send(SrtpContext::Direction::kProtect, key, salt, 0x5d3);
  auto packet = hex(
      "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e697320646976697361"
      "20696e207061727465732074726573");
  const size_t plain = packet.size();
  packet.resize(plain + kSrtpOverhead);
  const auto sealed = hex(
      "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
      "899d7f27beb16a9152cf765ee4390cce");
  expect(send.protectRtp(packet.data(), plain, 12) == sealed.size(), "SRTP: size with a tag of 128 bits");
  expect(same(sealed, Bytes(packet).first(sealed.size())), "SRTP: the packet of RFC 7714, 16.1.1");
  auto report = hex(
      "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef");
  const size_t plainReport = report.size();
  report.resize(plainReport + kSrtpOverhead);
  const auto sealedReport = hex(
      "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b"
      "c84aa45896cf4d2fc5abf87245d9eade800005d4");
  expect(send.protectRtcp(report.data(), plainReport) == sealedReport.size(), "SRTCP: size");
  expect(same(sealedReport, Bytes(report).first(sealedReport.size())), "SRTCP: the packet of RFC 7714, 17.1");
}

/** RFC 3711, B.3: session keys of a master key, seen by what they encrypt. */
void testKeyDerivation() {
  const auto key = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
  const auto salt = hex("0EC675AD498AFEEBB6960B3AABE6");
  // The first block of the key stream of index 0 and ssrc 0 under the session key and salt that B.3 names.
  const auto sessionKey = hex("C61E7A93744F39EE10734AFE3FF7A087");
  auto counter = hex("30CBBC08863D8C85D49DB34A9AE1");
  counter.resize(16);
  std::array<uint8_t, 16> stream{};
  int written = 0;
  EVP_CIPHER_CTX* cipher = EVP_CIPHER_CTX_new();
  EVP_EncryptInit_ex(cipher, EVP_aes_128_ctr(), nullptr, sessionKey.data(), counter.data());
  EVP_EncryptUpdate(cipher, stream.data(), &written, stream.data(), stream.size());
  EVP_CIPHER_CTX_free(cipher);
  std::vector<uint8_t> packet(12 + 16 + kSrtpOverhead, 0);
  packet[0] = 0x80;
  SrtpContext send(SrtpSuite::kAesCm128HmacSha1_80, SrtpContext::Direction::kProtect, key, salt);
  expect(send.protectRtp(packet.data(), 28, 12) == 38, "SRTP: size with a tag of 80 bits");
  expect(same(Bytes(packet).subspan(12, 16), stream), "SRTP: session keys of RFC 3711, B.3");
}

/** What one end protects the other takes, in both suites; what was changed on the way it does not. */
void testRoundTrips(SrtpSuite suite) {
  const auto key = hex("000102030405060708090a0b0c0d0e0f");
  auto salt = hex("a0a1a2a3a4a5a6a7a8a9aaabacad");
  salt.resize(srtpSaltBytes(suite));
  SrtpContext send(suite, SrtpContext::Direction::kProtect, key, salt);
  SrtpContext receive(suite, SrtpContext::Direction::kUnprotect, key, salt);
  const auto plain = hex("8040f17b8041f8d35501a0b2476175207468616c6c6961206573742062656c6c6f");
  // Twice round the sequence numbers: rollovers are counted alike.
  for (uint32_t sequence = 0xfff0; sequence < 0x2'0010; sequence += 7) {
    auto packet = plain;
    writeU16(&packet[2], sequence);
    const auto before = packet;
    packet.resize(plain.size() + kSrtpOverhead);
    const size_t size = send.protectRtp(packet.data(), plain.size(), 12);
    if (receive.unprotectRtp(packet.data(), size, 12) != plain.size() || !same(before, Bytes(packet).first(plain.size()))) {
      expect(false, "SRTP: both ways");
      return;
    }
  }
  auto packet = plain;
  packet.resize(plain.size() + kSrtpOverhead);
  const size_t size = send.protectRtp(packet.data(), plain.size(), 12);
  packet[20] ^= 1;
  expect(receive.unprotectRtp(packet.data(), size, 12) == 0, "SRTP: a changed packet is refused");
  auto report = hex("81c8000d4d6172734e5450314e545032525450200000042a0000e930");
  const auto before = report;
  report.resize(before.size() + kSrtpOverhead);
  const size_t reportSize = send.protectRtcp(report.data(), before.size());
  expect(receive.unprotectRtcp(report.data(), reportSize) == before.size() && same(before, Bytes(report).first(before.size())),
         "SRTCP: both ways");
}

/** RFC 5769, 2.2: a response that the RFC signed. */
void testStun() {
  const auto response = hex(
      "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd9e90"
      "c38c7489f92af9ba53f06be7d780280004c07d4c96");
  const std::string password = "VOkJxbRl1RmTxUk/WvJxBt";
  const auto read = stun::readResponse(response, password);
  expect(read && read->success && read->id[0] == 0xb7, "STUN: the response of RFC 5769, 2.2");
  expect(!stun::readResponse(response, password + "x"), "STUN: one that somebody else signed is refused");
  auto cut = response;
  cut.resize(50);
  expect(!stun::readResponse(cut, password), "STUN: one that is cut off is refused");
  const auto request = stun::bindingRequest({}, {"theirs", password}, "ours", 1);
  expect(readU16(&request[2]) + 20u == request.size() && request.size() % 4 == 0, "STUN: length of a request");
}

void testTransportCc() {
  std::vector<uint8_t> packet;
  // 64 ms and a bit; lost; 10 ms later; earlier than the one before.
  const std::vector<PacketArrival> arrivals = {{10, 65 * kMillisecond}, {12, 75 * kMillisecond}, {13, 74 * kMillisecond}};
  expect(writeTransportFeedback(Writer(packet), 1, 2, 7, arrivals) == 3, "transport-cc: all arrivals");
  // Symbols 1 0 1 2; deltas 4, 40, -4.
  const auto expected = hex("8fcd00060000000100000002000a000400000107d1800428fffc0000");
  expect(same(packet, expected), "transport-cc: bytes of a packet");
  packet.clear();
  std::vector<PacketArrival> many;
  for (int64_t each = 0; each < 30; ++each) many.push_back({each, each * kMillisecond});
  writeTransportFeedback(Writer(packet), 1, 2, 0, many);
  expect(readU16(&packet[20]) == (1u << 13 | 30), "transport-cc: a run");
}

struct Taken : InOrder {
  std::string order;
  void take(const MediaPacket& packet, Nanoseconds) override { order += static_cast<char>('a' + packet.timestamp); }
  void lose() override { order += '-'; }
};

void testArrivals() {
  Taken taken;
  Arrivals arrivals({kSecond, true}, taken);
  std::vector<uint16_t> missing;
  const auto take = [&](uint16_t number, bool resent, Nanoseconds now) {
    return arrivals.take(static_cast<uint16_t>(0xfffe + number), {number, false, {}}, resent, now);
  };
  take(0, false, 1);
  take(3, false, 2);
  arrivals.collectMissing(2, missing);
  expect(missing == std::vector<uint16_t>{0xffff, 0}, "losses: what is missing is asked for at once");
  arrivals.collectMissing(50 * kMillisecond, missing);
  expect(missing.size() == 2, "losses: not again before 100 ms");
  expect(take(1, true, 3) == Arrivals::Fate::kRepaired, "losses: what was sent again repairs");
  expect(take(1, true, 4) == Arrivals::Fate::kUseless, "losses: and once alone");
  arrivals.expire(2 * kSecond);
  expect(taken.order == "ab-d", "losses: the order, and what never came");
  expect(arrivals.takeLost() == 1 && !arrivals.hasGap(), "losses: counted once");
}

}  // namespace

int selfTest() {
  testGcmVectors();
  testKeyDerivation();
  testRoundTrips(SrtpSuite::kAeadAes128Gcm);
  testRoundTrips(SrtpSuite::kAesCm128HmacSha1_80);
  testStun();
  testTransportCc();
  testArrivals();
  return failures;
}

}  // namespace weir
