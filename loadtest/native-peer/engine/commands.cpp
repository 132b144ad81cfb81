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

Send send(const Value& object) {
  Send read{};
  read.peer = number(object, "peer");
  read.track = number(object, "track");
  read.kind = kind(object);
  const std::string media = text(object, "media");
  if (media != "recorded" && media != "light") throw std::runtime_error("media is recorded or light");
  read.media = media == "light" ? Media::kLight : Media::kRecorded;
  for (const Value& each : list(object, "streams").GetArray()) {
    if (!each.IsObject()) throw std::runtime_error("a stream is no object");
    read.streams.push_back({number(each, "ssrc"), std::nullopt});
    if (each.HasMember("rtx")) read.streams.back().rtx = number(each, "rtx");
  }
  if (read.streams.empty()) throw std::runtime_error("no streams");
  read.extensions.absSendTime = number<uint8_t>(object, "absSendTime");
  read.extensions.transportCc = number<uint8_t>(object, "transportCc");
  read.extensions.audioLevel = number<uint8_t>(object, "audioLevel");
  read.stamped = flag(object, "stamped");
  return read;
}

Layers layers(const Value& object) {
  Layers read{number(object, "peer"), number(object, "track"), {}};
  for (const Value& each : list(object, "active").GetArray()) {
    if (!each.IsBool()) throw std::runtime_error("a layer is active or not");
    read.active.push_back(each.GetBool());
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
  if (name == "send") return send(document);
  if (name == "stop") return Stop{number(document, "peer"), number(document, "track")};
  if (name == "layers") return layers(document);
  if (name == "mute") return Mute{number(document, "peer"), number(document, "track"), flag(document, "muted")};
  if (name == "text") return Text{number(document, "peer"), text(document, "text")};
  if (name == "report") return Report{};
  if (name == "close") return Close{number(document, "peer")};
  throw std::runtime_error("no command: " + name);
}

}  // namespace weir::command
