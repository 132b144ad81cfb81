// What modules/congestion_controller/rtp/sequence_ring.h promises, against a std::map that is asked the same.
#include "check.h"
#include "modules/congestion_controller/rtp/sequence_ring.h"
#include <map>
#include <random>

using Ring = webrtc::SequenceRing<int>;

static void CheckSame(Ring& ring, const std::map<int64_t, int>& map)
{
	CHECK(ring.empty() == map.empty());

	if (map.empty())
	{
		return;
	}

	CHECK(ring.begin() == map.begin()->first && ring.end() > map.rbegin()->first);

	for (int64_t number = ring.begin() - 70; number < ring.end() + 70; ++number)
	{
		const auto it   = map.find(number);
		const int* item = ring.Find(number);

		CHECK(item ? it != map.end() && *item == it->second : it == map.end());
	}
}

int main()
{
	for (unsigned seed{ 1 }; seed <= 20; ++seed)
	{
		std::mt19937 random(seed);
		Ring ring;
		std::map<int64_t, int> map;
		// Some wait for long, so that the ring has to grow, and forget.
		int64_t next = static_cast<int64_t>(random()) - 100000;

		for (int step{ 0 }; step < 20000; ++step)
		{
			if (random() % 3 != 0)
			{
				next += random() % 10 == 0 ? 2 + random() % 40 : 1;

				while (!ring.HasRoomFor(next))
				{
					CHECK(next - ring.begin() >= Ring::kMaxSpan);
					map.erase(ring.begin());
					ring.Erase(ring.begin());
				}

				ring.Insert(next, step);
				map.emplace(next, step);
				// Of what is there, the first one stays.
				ring.Insert(next, -1);
			}
			else if (!map.empty())
			{
				const int64_t number = ring.begin() + random() % (seed % 2 ? 40 : 3000);

				ring.Erase(number);
				map.erase(number);
			}

			if (step % 500 == 0)
			{
				CheckSame(ring, map);
			}
		}

		while (!ring.empty())
		{
			map.erase(ring.begin());
			ring.Erase(ring.begin());
		}

		CheckSame(ring, map);
	}

	return 0;
}
