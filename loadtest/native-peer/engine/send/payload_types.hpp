/** Payload types that mediasoup gives these codecs: a peer with one transport must use the same. */
#pragma once
#include <cstdint>

namespace weir {

constexpr uint8_t kOpus = 111;
constexpr uint8_t kVp8 = 96;
constexpr uint8_t kVp8Rtx = 100;

}  // namespace weir
