/** Feedback on what arrived when (draft-holmer-rmcat-transport-wide-cc-extensions-01), for the focus's congestion control. */
#pragma once
#include <vector>

#include "bytes.hpp"
#include "clock.hpp"

namespace weir {

struct PacketArrival {
  int64_t sequence;
  Nanoseconds at;
};

/**
 * Appends the packet for arrivals in rising order of their sequence, none twice; what lies between is reported as lost. Gives
 * how many of them it holds: a delta that is too long for the format ends it, and so does its size.
 */
size_t writeTransportFeedback(Writer out, uint32_t senderSsrc, uint32_t mediaSsrc, uint8_t count,
                              const std::vector<PacketArrival>& arrivals);

/** Notes arrivals, and says when it is time to tell. */
class ArrivalLog {
 public:
  void note(uint16_t sequence, size_t bytes, Nanoseconds at);
  bool isDue(Nanoseconds now) const { return !arrivals_.empty() && now >= dueAt_; }
  /** Appends one packet for what came since the last time; `isDue` stays where that was not all. */
  void write(Writer out, uint32_t senderSsrc, uint32_t mediaSsrc, Nanoseconds now);

 private:
  std::vector<PacketArrival> arrivals_;
  int64_t highest_ = -1;
  /** What was told ends here: later news of earlier packets is none. */
  int64_t toldBefore_ = 0;
  uint64_t bytes_ = 0;
  Nanoseconds toldAt_ = 0;
  Nanoseconds dueAt_ = 0;
  Nanoseconds every_ = 0;
  uint8_t count_ = 0;
};

}  // namespace weir
