/** What the engine is told: a JSON object a line. */
#pragma once
#include <string>
#include <variant>

#include "peer.hpp"

namespace weir::command {

struct Open {
  uint32_t peer;
  PeerOptions options;
};
struct SetRemote {
  uint32_t peer;
  Remote remote;
};
struct Receive {
  uint32_t peer;
  Receiving receiving;
};
enum class Media { kRecorded, kLight };
struct Send {
  uint32_t peer;
  uint32_t track;
  Kind kind;
  Media media;
  /** Of its layers, lowest first. */
  std::vector<StreamIds> streams;
  SentExtensions extensions;
  bool stamped;
};
struct Stop {
  uint32_t peer;
  uint32_t track;
};
struct Layers {
  uint32_t peer;
  uint32_t track;
  std::vector<bool> active;
};
struct Mute {
  uint32_t peer;
  uint32_t track;
  bool muted;
};
struct Text {
  uint32_t peer;
  std::string text;
};
/** Of all peers, since the last one. */
struct Report {};
struct Close {
  uint32_t peer;
};

using Command = std::variant<Open, SetRemote, Receive, Send, Stop, Layers, Mute, Text, Report, Close>;

/** Throws std::runtime_error that says what is wrong with it. */
Command read(const std::string& line);

}  // namespace weir::command
