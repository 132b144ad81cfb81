#include "rtcp.hpp"

#include <algorithm>

namespace weir::rtcp {
namespace {

enum PacketType : uint32_t { kSenderReport = 200, kReceiverReport = 201, kTransportFeedback = 205, kPayloadFeedback = 206 };
enum Format : uint32_t { kNack = 1, kPli = 1, kFir = 4, kApplication = 15 };
constexpr uint32_t kVersion = 0x80;
constexpr size_t kMostBlocks = 31;

}  // namespace

void writeReceiverReports(Writer out, uint32_t senderSsrc, const std::vector<ReportBlock>& blocks) {
  for (size_t from = 0; from < blocks.size(); from += kMostBlocks) {
    const size_t count = std::min(kMostBlocks, blocks.size() - from);
    out.u8(static_cast<uint32_t>(kVersion | count));
    out.u8(kReceiverReport);
    out.u16(static_cast<uint32_t>(1 + count * 6));
    out.u32(senderSsrc);
    for (size_t each = from; each < from + count; ++each) {
      const ReportBlock& block = blocks[each];
      out.u32(block.ssrc);
      out.u8(block.fractionLost);
      out.u24(block.cumulativeLost);
      out.u32(block.highestSequence);
      out.u32(block.jitter);
      out.u32(block.lastSenderReport);
      out.u32(block.delaySinceLastSenderReport);
    }
  }
}

void writeSenderReport(Writer out, uint32_t ssrc, uint64_t ntp, uint32_t timestamp, uint32_t packets, uint32_t octets) {
  out.u8(kVersion);
  out.u8(kSenderReport);
  out.u16(6);
  out.u32(ssrc);
  out.u32(static_cast<uint32_t>(ntp >> 32));
  out.u32(static_cast<uint32_t>(ntp));
  out.u32(timestamp);
  out.u32(packets);
  out.u32(octets);
}

void writeNack(Writer out, uint32_t senderSsrc, uint32_t mediaSsrc, const std::vector<uint16_t>& sequences) {
  std::vector<uint32_t> entries;
  for (size_t at = 0; at < sequences.size();) {
    const uint16_t first = sequences[at++];
    uint32_t following = 0;
    for (; at < sequences.size(); ++at) {
      const auto behind = static_cast<uint16_t>(sequences[at] - first - 1);
      if (behind >= 16) break;
      following |= 1u << behind;
    }
    entries.push_back(static_cast<uint32_t>(first) << 16 | following);
  }
  out.u8(kVersion | kNack);
  out.u8(kTransportFeedback);
  out.u16(static_cast<uint32_t>(2 + entries.size()));
  out.u32(senderSsrc);
  out.u32(mediaSsrc);
  for (const uint32_t entry : entries) out.u32(entry);
}

void writePli(Writer out, uint32_t senderSsrc, uint32_t mediaSsrc) {
  out.u8(kVersion | kPli);
  out.u8(kPayloadFeedback);
  out.u16(2);
  out.u32(senderSsrc);
  out.u32(mediaSsrc);
}

void writeRemb(Writer out, uint32_t senderSsrc, uint64_t bitrate, const std::vector<uint32_t>& ssrcs) {
  uint32_t exponent = 0;
  while (bitrate >> exponent > 0x3'ffff) ++exponent;
  const auto mantissa = static_cast<uint32_t>(bitrate >> exponent);
  const size_t count = std::min<size_t>(ssrcs.size(), 255);
  out.u8(kVersion | kApplication);
  out.u8(kPayloadFeedback);
  out.u16(static_cast<uint32_t>(4 + count));
  out.u32(senderSsrc);
  out.u32(0);
  out.bytes(std::array<uint8_t, 4>{'R', 'E', 'M', 'B'});
  out.u8(static_cast<uint32_t>(count));
  out.u24(exponent << 18 | mantissa);
  for (size_t each = 0; each < count; ++each) out.u32(ssrcs[each]);
}

void read(Bytes compound, const Reader& reader) {
  for (size_t at = 0; at + 8 <= compound.size();) {
    const size_t end = at + 4u * (readU16(&compound[at + 2]) + 1u);
    if (end > compound.size()) return;
    const uint32_t format = compound[at] & 0x1f;
    const uint32_t type = compound[at + 1];
    const Bytes packet = compound.subspan(at, end - at);
    if (type == kSenderReport && packet.size() >= 28) {
      reader.senderReport(readU32(&packet[4]), readU64(&packet[8]));
    } else if (type == kPayloadFeedback && format == kPli && packet.size() >= 12) {
      reader.keyframeAsked(readU32(&packet[8]));
    } else if (type == kPayloadFeedback && format == kFir) {
      for (size_t entry = 12; entry + 8 <= packet.size(); entry += 8) reader.keyframeAsked(readU32(&packet[entry]));
    } else if (type == kTransportFeedback && format == kNack && packet.size() >= 12) {
      const uint32_t ssrc = readU32(&packet[8]);
      for (size_t entry = 12; entry + 4 <= packet.size(); entry += 4) {
        const uint16_t first = readU16(&packet[entry]);
        const uint16_t following = readU16(&packet[entry + 2]);
        reader.packetAsked(ssrc, first);
        for (uint32_t bit = 0; bit < 16; ++bit) {
          if ((following >> bit & 1) != 0) reader.packetAsked(ssrc, static_cast<uint16_t>(first + bit + 1));
        }
      }
    }
    at = end;
  }
}

}  // namespace weir::rtcp
