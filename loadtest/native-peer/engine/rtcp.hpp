/** RTCP of a peer: feedback that it writes (RFC 3550, RFC 4585, REMB), feedback on what it sends that it reads. */
#pragma once
#include <functional>
#include <vector>

#include "bytes.hpp"
#include "receive/received_track.hpp"

namespace weir::rtcp {

/** Many blocks are told in several packets of one compound. */
void writeReceiverReports(Writer out, uint32_t senderSsrc, const std::vector<ReportBlock>& blocks);
void writeSenderReport(Writer out, uint32_t ssrc, uint64_t ntp, uint32_t timestamp, uint32_t packets, uint32_t octets);
/** `sequences` in rising order. */
void writeNack(Writer out, uint32_t senderSsrc, uint32_t mediaSsrc, const std::vector<uint16_t>& sequences);
void writePli(Writer out, uint32_t senderSsrc, uint32_t mediaSsrc);
/** draft-alvestrand-rmcat-remb-03; `bitrate` in bit/s. */
void writeRemb(Writer out, uint32_t senderSsrc, uint64_t bitrate, const std::vector<uint32_t>& ssrcs);

/** What a compound packet says; what cannot be read says nothing. */
struct Reader {
  std::function<void(uint32_t ssrc, uint64_t ntp)> senderReport;
  std::function<void(uint32_t ssrc)> keyframeAsked;
  std::function<void(uint32_t ssrc, uint16_t sequence)> packetAsked;
};
void read(Bytes compound, const Reader& reader);

}  // namespace weir::rtcp
