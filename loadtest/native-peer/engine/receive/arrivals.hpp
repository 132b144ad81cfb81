/** Packets of one stream, put into their order: which are missing, when to ask for them again, when to give them up. */
#pragma once
#include <map>
#include <vector>

#include "receive/frame_counter.hpp"

namespace weir {

/** Takes a stream in order. */
class InOrder {
 public:
  virtual ~InOrder() = default;
  virtual void take(const MediaPacket& packet, Nanoseconds now) = 0;
  virtual void lose() = 0;
};

class Arrivals {
 public:
  struct Policy {
    /** How long a packet is waited for. */
    Nanoseconds patience;
    /** Whether the other end sends again what is asked for. */
    bool repairs;
  };
  enum class Fate { kNew, kRepaired, kUseless };

  Arrivals(Policy policy, InOrder& consumer) : policy_(policy), consumer_(consumer) {}

  /** `resent`: it came as a retransmission (RFC 4588). */
  Fate take(uint16_t sequence, const MediaPacket& packet, bool resent, Nanoseconds now);
  /** Gives up what is overdue. */
  void expire(Nanoseconds now);
  /** What to ask for now (RFC 4585, 6.2.1). */
  void collectMissing(Nanoseconds now, std::vector<uint16_t>& missing);
  bool hasGap() const { return !missing_.empty() || !waiting_.empty(); }
  uint32_t takeLost();

 private:
  struct Missing {
    Nanoseconds since;
    Nanoseconds askAt;
    int asked;
  };
  struct Waiting {
    MediaPacket packet;
    bool isLost;
  };

  void noteGap(int64_t from, int64_t to, Nanoseconds now);
  void deliver(Nanoseconds now);
  void skipToKeyframe(Nanoseconds now);
  void restart(int64_t sequence);

  Policy policy_;
  InOrder& consumer_;
  bool isFirst_ = true;
  /** The first that was not handed on, and the highest that came. */
  int64_t next_ = 0;
  int64_t highest_ = 0;
  /** Of the latest keyframe that waits behind a gap; 0 without. */
  int64_t keyframeAt_ = 0;
  std::map<int64_t, Missing> missing_;
  /** No missing one is to be asked for before. */
  Nanoseconds askAt_ = INT64_MAX;
  std::map<int64_t, Waiting> waiting_;
  uint32_t lost_ = 0;
};

}  // namespace weir
