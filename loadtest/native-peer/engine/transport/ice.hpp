/** ICE of a controlling agent with one candidate against a lite one (RFC 8445), and its consent (RFC 7675). No I/O of its own. */
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "clock.hpp"
#include "transport/stun.hpp"

namespace weir {

class Ice {
 public:
  enum class State { kIdle, kChecking, kConnected, kLost };

  explicit Ice(std::string ownUfrag) : ownUfrag_(std::move(ownUfrag)) {}

  /** Checks against these credentials from now on: the first ones, or those of a restart. */
  void start(const stun::Credentials& remote, Nanoseconds now);
  /** A request to send where one is due. */
  std::optional<std::vector<uint8_t>> tick(Nanoseconds now);
  /** Gives true where the pair came up, or came back, with this packet. */
  bool receive(Bytes packet, Nanoseconds now);
  State state() const { return state_; }
  Nanoseconds nextAt() const { return nextAt_; }

 private:
  std::string ownUfrag_;
  stun::Credentials remote_;
  State state_ = State::kIdle;
  /** Of the latest requests: answers may overtake the next one. */
  std::array<stun::TransactionId, 4> asked_{};
  size_t askedCount_ = 0;
  uint64_t tieBreaker_ = 0;
  Nanoseconds nextAt_ = INT64_MAX;
  Nanoseconds answeredAt_ = 0;
  Nanoseconds retryAfter_ = 0;
};

}  // namespace weir
