/** STUN as ICE needs it against an ICE-lite focus (RFC 8489, RFC 8445): binding requests out, their answers in. */
#pragma once
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "bytes.hpp"

namespace weir::stun {

using TransactionId = std::array<uint8_t, 12>;

struct Credentials {
  std::string ufrag;
  std::string password;
};

/** A check of the controlling agent that nominates its pair at once (RFC 8445, 7.2.2: aggressive towards lite agents). */
std::vector<uint8_t> bindingRequest(const TransactionId& id, const Credentials& remote, const std::string& ownUfrag,
                                    uint64_t tieBreaker);

struct Response {
  TransactionId id;
  bool success;
};

/** A binding response that the owner of `password` made; nothing for whatever else. */
std::optional<Response> readResponse(Bytes packet, const std::string& password);

/** RFC 7983: the first byte of STUN. */
inline bool isStun(Bytes packet) { return packet.size() >= 20 && packet[0] < 4; }

}  // namespace weir::stun
