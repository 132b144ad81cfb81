#include "says.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <stdexcept>

namespace weir {
namespace {

using Json = rapidjson::Writer<rapidjson::StringBuffer>;

/** Of a reader that stands still. */
constexpr size_t kMostWaiting = 64u << 20;

void string(Json& json, const char* name, const std::string& value) {
  json.Key(name);
  json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}

void number(Json& json, const char* name, uint64_t value) {
  json.Key(name);
  json.Uint64(value);
}

void real(Json& json, double value) { json.Double(std::round(value * 1'000) / 1'000); }

void track(Json& json, const PeerReport::Track& track) {
  const TrackFigures& figures = track.figures;
  json.StartArray();
  json.Uint(track.number);
  json.Uint(figures.packets);
  json.Uint64(figures.bytes);
  json.Uint(figures.lost);
  json.Uint(figures.repaired);
  real(json, figures.jitterMs);
  json.Uint(figures.keyframes);
  json.Uint(figures.frames);
  real(json, figures.longestGapMs);
  json.Uint(figures.size ? figures.size->width : 0);
  json.Uint(figures.size ? figures.size->height : 0);
  json.EndArray();
}

}  // namespace

template <typename Fill>
void Says::say(const char* what, Fill fill) {
  rapidjson::StringBuffer buffer;
  Json json(buffer);
  json.SetMaxDecimalPlaces(3);
  json.StartObject();
  string(json, "say", what);
  fill(json);
  json.EndObject();
  out_.append(buffer.GetString(), buffer.GetSize());
  out_ += '\n';
}

void Says::ready(const std::string& fingerprint) {
  say("ready", [&](Json& json) { string(json, "fingerprint", fingerprint); });
}

void Says::connected(uint32_t peer) {
  say("connected", [&](Json& json) { number(json, "peer", peer); });
}

void Says::lost(uint32_t peer, const std::string& why) {
  say("lost", [&](Json& json) {
    number(json, "peer", peer);
    string(json, "why", why);
  });
}

void Says::channelOpen(uint32_t peer) {
  say("channel-open", [&](Json& json) { number(json, "peer", peer); });
}

void Says::channelClosed(uint32_t peer) {
  say("channel-closed", [&](Json& json) { number(json, "peer", peer); });
}

void Says::text(uint32_t peer, const std::string& text) {
  say("text", [&](Json& json) {
    number(json, "peer", peer);
    string(json, "text", text);
  });
}

void Says::firstPacket(uint32_t peer, uint32_t track) {
  say("first-packet", [&](Json& json) {
    number(json, "peer", peer);
    number(json, "track", track);
  });
}

void Says::refused(const std::string& why) {
  say("refused", [&](Json& json) { string(json, "why", why); });
}

void Says::report(const std::vector<std::pair<uint32_t, PeerReport>>& peers,
                  const std::optional<Latency::Spread>& latency) {
  say("report", [&](Json& json) {
    json.Key("peers");
    json.StartArray();
    for (const auto& [peer, report] : peers) {
      json.StartObject();
      number(json, "peer", peer);
      json.Key("connected");
      json.Bool(report.connected);
      number(json, "dropped", report.dropped);
      json.Key("sent");
      json.StartArray();
      for (const uint64_t figure :
           {report.sent.packets, report.sent.bytes, report.sent.keyframesAsked, report.sent.repaired}) {
        json.Uint64(figure);
      }
      json.EndArray();
      json.Key("tracks");
      json.StartArray();
      for (const PeerReport::Track& each : report.tracks) track(json, each);
      json.EndArray();
      json.EndObject();
    }
    json.EndArray();
    if (!latency) return;
    json.Key("latency");
    json.StartObject();
    number(json, "count", latency->count);
    json.Key("p50Ms");
    real(json, latency->p50Ms);
    json.Key("p99Ms");
    real(json, latency->p99Ms);
    json.Key("maxMs");
    real(json, latency->maxMs);
    json.EndObject();
  });
}

void Says::flush(int descriptor) {
  while (written_ < out_.size()) {
    const ssize_t count = write(descriptor, out_.data() + written_, out_.size() - written_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (count < 0) throw std::runtime_error("nobody listens any more");
    written_ += static_cast<size_t>(count);
  }
  if (written_ == out_.size()) {
    out_.clear();
    written_ = 0;
  } else if (out_.size() - written_ > kMostWaiting) {
    throw std::runtime_error("what was said is not read");
  }
}

}  // namespace weir
