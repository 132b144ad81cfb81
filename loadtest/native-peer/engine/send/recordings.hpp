/** Recorded media, encoded once: what peers publish costs them a packetiser and no encoder. */
#pragma once
#include <string>
#include <vector>

#include "bytes.hpp"
#include "clock.hpp"

namespace weir {

using Frame = std::vector<uint8_t>;

/** Encoded pictures to be shown over and over. */
struct VideoLoop {
  std::vector<Frame> frames;
  /** Places of keyframes, rising; the first is 0. */
  std::vector<size_t> keyframes;
};

struct Recordings {
  /** One picture in three sizes, lowest first, 15 frames a second. */
  std::vector<VideoLoop> simulcast;
  /** A picture of one packet, 10 frames a second. */
  std::vector<VideoLoop> light;
  /** Opus packets of 20 ms. */
  std::vector<Frame> voice;
};

constexpr Nanoseconds kSimulcastFrame = kSecond / 15;
constexpr Nanoseconds kLightFrame = kSecond / 10;
constexpr Nanoseconds kVoicePacket = 20 * kMillisecond;

/** From the folder loadtest/media. Throws std::runtime_error. */
Recordings readRecordings(const std::string& folder);

}  // namespace weir
