#include "transport/ice.hpp"

#include <openssl/rand.h>

#include <algorithm>

namespace weir {
namespace {

constexpr Nanoseconds kFirstRetry = 50 * kMillisecond;
constexpr Nanoseconds kLongestRetry = 500 * kMillisecond;
/** As often as Chromium pings a stable pair. */
constexpr Nanoseconds kConsentEvery = 2'500 * kMillisecond;
/** RFC 7675, 5.1. */
constexpr Nanoseconds kConsentLasts = 30 * kSecond;

template <size_t Size>
std::array<uint8_t, Size> randomBytes() {
  std::array<uint8_t, Size> bytes{};
  RAND_bytes(bytes.data(), Size);
  return bytes;
}

}  // namespace

void Ice::start(const stun::Credentials& remote, Nanoseconds now) {
  remote_ = remote;
  tieBreaker_ = readU64(randomBytes<8>().data());
  // A restart goes on with what works until the new pair does.
  if (state_ != State::kConnected) state_ = State::kChecking;
  answeredAt_ = now;
  retryAfter_ = kFirstRetry;
  nextAt_ = now;
}

std::optional<std::vector<uint8_t>> Ice::tick(Nanoseconds now) {
  if (now < nextAt_) return std::nullopt;
  if (now - answeredAt_ > kConsentLasts) {
    state_ = State::kLost;
    nextAt_ = INT64_MAX;
    return std::nullopt;
  }
  nextAt_ = now + (state_ == State::kConnected && retryAfter_ == 0 ? kConsentEvery : retryAfter_);
  // Until an answer comes, more and more seldom.
  retryAfter_ = std::min(kLongestRetry, std::max(kFirstRetry, retryAfter_ * 2));
  stun::TransactionId& id = asked_[askedCount_++ % asked_.size()];
  id = randomBytes<12>();
  return stun::bindingRequest(id, remote_, ownUfrag_, tieBreaker_);
}

bool Ice::receive(Bytes packet, Nanoseconds now) {
  const auto response = stun::readResponse(packet, remote_.password);
  if (!response || !response->success) return false;
  if (std::find(asked_.begin(), asked_.end(), response->id) == asked_.end()) return false;
  answeredAt_ = now;
  retryAfter_ = 0;
  nextAt_ = now + kConsentEvery;
  const bool cameUp = state_ != State::kConnected;
  state_ = State::kConnected;
  return cameUp;
}

}  // namespace weir
