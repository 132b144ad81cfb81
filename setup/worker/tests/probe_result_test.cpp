// What a probe tells of a link: modules/congestion_controller/goog_cc/probe_bitrate_estimator.
#include "check.h"
#include "modules/congestion_controller/goog_cc/probe_bitrate_estimator.h"
#include <functional>

using webrtc::DataSize;
using webrtc::PacketResult;
using webrtc::ProbeBitrateEstimator;
using webrtc::ProbeResult;
using webrtc::TimeDelta;
using webrtc::Timestamp;

// Of a packet that meets no queue, ms.
static constexpr int64_t Way{ 20 };
static constexpr int MeantBps{ 1000000 };
// 1,000 bytes each 8 ms are what was meant.
static constexpr int64_t Bytes{ 1000 };
static constexpr int Packets{ 6 };

// |sentEvery| and |arrive|: ms; the latter of the n-th packet that was sent at a time.
static absl::optional<ProbeResult> ResultOf(
  int64_t sentEvery, const std::function<int64_t(int number, int64_t sentAt)>& arrive)
{
	ProbeBitrateEstimator estimator;

	for (int number{ 0 }; number < Packets; ++number)
	{
		const int64_t sentAt = 1000 + number * sentEvery;
		PacketResult result;

		result.sent_packet.send_time                          = Timestamp::ms(sentAt);
		result.sent_packet.size                               = DataSize::bytes(Bytes);
		result.sent_packet.pacing_info.probe_cluster_id       = 1;
		result.sent_packet.pacing_info.send_bitrate_bps       = MeantBps;
		result.sent_packet.pacing_info.probe_cluster_min_probes = 5;
		result.sent_packet.pacing_info.probe_cluster_min_bytes  = 1875;
		result.receive_time                                   = Timestamp::ms(arrive(number, sentAt));
		estimator.HandleProbeAndEstimateBitrate(result, TimeDelta::ms(Way));
	}

	return estimator.FetchAndResetLastEstimatedBitrate();
}

static bool IsAbout(const ProbeResult& result, double bps)
{
	return result.rate.bps() > bps * 0.9 && result.rate.bps() < bps * 1.1;
}

static const Cases Probes{
	{ "one that arrives as it was sent tells of so much at least",
	  []
	  {
		  const auto result = ResultOf(8, [](int, int64_t sentAt) { return sentAt + Way; });
		  CHECK(result && IsAbout(*result, 1000000) && !result->is_limit);
	  } },
	{ "one that arrives slower than it was sent tells of the most that the link carries",
	  []
	  {
		  const auto result = ResultOf(8, [](int number, int64_t) { return 1000 + Way + number * 20; });
		  CHECK(result && IsAbout(*result, 400000 * 0.95) && result->is_limit);
	  } },
	{ "one that was sent slowly tells of no limit, whether it arrives as it was sent or slower",
	  []
	  {
		  const auto same = ResultOf(80, [](int, int64_t sentAt) { return sentAt + Way; });
		  CHECK(same && IsAbout(*same, 100000) && !same->is_limit);
		  const auto slower = ResultOf(80, [](int number, int64_t) { return 1000 + Way + number * 100; });
		  CHECK(slower && !slower->is_limit);
	  } },
	{ "one that is read at once tells what all of it took",
	  []
	  {
		  // The last was sent after 40 ms.
		  const auto soon = ResultOf(8, [](int, int64_t) { return 1000 + 40 + Way; });
		  CHECK(soon && IsAbout(*soon, 1000000) && !soon->is_limit);
		  const auto late = ResultOf(8, [](int, int64_t) { return 1000 + 160 + Way; });
		  CHECK(late && IsAbout(*late, 250000) && !late->is_limit);
	  } },
};

int main(int argc, char** argv)
{
	return RunCase(Probes, argc, argv);
}
