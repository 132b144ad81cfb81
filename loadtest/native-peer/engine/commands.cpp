#include "commands.hpp"

#include <rapidjson/document.h>

#include <stdexcept>

namespace weir::command {
namespace {

using Value = rapidjson::Value;

const Value& member(const Value& object, const char* name) {
  const auto found = object.FindMember(name);
  if (found == object.MemberEnd()) throw std::runtime_error(std::string("no ") + name);
  return found->value;
}

std::string text(const Value& object, const char* name) {
  const Value& value = member(object, name);
  if (!value.IsString()) throw std::runtime_error(std::string(name) + " is no text");
  return {value.GetString(), value.GetStringLength()};
}

template <typename Number = uint32_t>
Number number(const Value& object, const char* name) {
  const Value& value = member(object, name);
  if (!value.IsUint() || value.GetUint() > std::numeric_limits<Number>::max()) {
    throw std::runtime_error(std::string(name) + " is no such number");
  }
  return static_cast<Number>(value.GetUint());
}

bool flag(const Value& object, const char* name) {
  const Value& value = member(object, name);
  if (!value.IsBool()) throw std::runtime_error(std::string(name) + " is neither true nor false");
  return value.GetBool();
}

const Value& list(const Value& object, const char* name) {
  const Value& value = member(object, name);
  if (!value.IsArray()) throw std::runtime_error(std::string(name) + " is no list");
  return value;
}

Kind kind(const Value& object) {
  const std::string name = text(object, "kind");
  if (name == "audio") return Kind::kAudio;
  if (name == "video") return Kind::kVideo;
  throw std::runtime_error("kind is audio or video");
}

TrackOffer track(const Value& object) {
  TrackOffer offer{number(object, "track"), kind(object), number(object, "ssrc"), std::nullopt, flag(object, "repairs")};
  if (object.HasMember("rtx")) offer.rtxSsrc = number(object, "rtx");
  return offer;
}

Open open(const Value& object) {
  return {number(object, "peer"),
          {text(object, "bind"), text(object, "ufrag"), text(object, "label"), number(object, "remb")}};
}

SetRemote remote(const Value& object) {
  return {number(object, "peer"),
          {{text(object, "ufrag"), text(object, "password")},
           text(object, "algorithm"),
           text(object, "fingerprint"),
           text(object, "address"),
           number<uint16_t>(object, "port")}};
}

Receive receive(const Value& object) {
  Receive read{number(object, "peer"), {{}, number<uint8_t>(object, "transportCc")}};
  for (const Value& each : list(object, "tracks").GetArray()) {
    if (!each.IsObject()) throw std::runtime_error("a track is no object");
    read.receiving.tracks.push_back(track(each));
  }
  return read;
}

}  // namespace

Command read(const std::string& line) {
  rapidjson::Document document;
  document.Parse(line.data(), line.size());
  if (document.HasParseError() || !document.IsObject()) throw std::runtime_error("no JSON object");
  const std::string name = text(document, "do");
  if (name == "open") return open(document);
  if (name == "remote") return remote(document);
  if (name == "receive") return receive(document);
  if (name == "text") return Text{number(document, "peer"), text(document, "text")};
  if (name == "report") return Report{};
  if (name == "close") return Close{number(document, "peer")};
  throw std::runtime_error("no command: " + name);
}

}  // namespace weir::command
