/** Numbers in network byte order, and views of bytes. */
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace weir {

using Bytes = std::span<const uint8_t>;
using MutableBytes = std::span<uint8_t>;

inline uint16_t readU16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }
inline uint32_t readU24(const uint8_t* at) { return static_cast<uint32_t>(at[0]) << 16 | readU16(at + 1); }
inline uint32_t readU32(const uint8_t* at) {
  return static_cast<uint32_t>(readU16(at)) << 16 | readU16(at + 2);
}
inline uint64_t readU64(const uint8_t* at) { return static_cast<uint64_t>(readU32(at)) << 32 | readU32(at + 4); }

inline void writeU16(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}
inline void writeU24(uint8_t* at, uint32_t value) {
  at[0] = static_cast<uint8_t>(value >> 16);
  writeU16(at + 1, value);
}
inline void writeU32(uint8_t* at, uint32_t value) {
  writeU16(at, value >> 16);
  writeU16(at + 2, value);
}
inline void writeU64(uint8_t* at, uint64_t value) {
  writeU32(at, static_cast<uint32_t>(value >> 32));
  writeU32(at + 4, static_cast<uint32_t>(value));
}

/** Appends to a message that is being written. */
class Writer {
 public:
  explicit Writer(std::vector<uint8_t>& out) : out_(out) {}
  void u8(uint32_t value) { out_.push_back(static_cast<uint8_t>(value)); }
  void u16(uint32_t value) { u8(value >> 8), u8(value); }
  void u24(uint32_t value) { u8(value >> 16), u16(value); }
  void u32(uint32_t value) { u16(value >> 16), u16(value); }
  void bytes(Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  /** Zeros up to a multiple of `unit` bytes, counted from `from`. */
  void pad(size_t unit, size_t from = 0) {
    while ((out_.size() - from) % unit != 0) u8(0);
  }

 private:
  std::vector<uint8_t>& out_;
};

/** Whether a 16-bit number comes after another one, round the clock (RFC 1982). */
inline bool isAfter(uint16_t one, uint16_t other) { return static_cast<int16_t>(one - other) > 0; }

/** The full number of which `low` are the last 16 bits, nearest to `near`. */
inline int64_t unwrap(int64_t near, uint16_t low) {
  return near + static_cast<int16_t>(low - static_cast<uint16_t>(near));
}

}  // namespace weir
