// What handles/UdpEgress promises. `udp_egress_test --list` names the cases, `udp_egress_test <case>` runs one.
#include "check.h"
#include "fake_kernel.h"
#include "handles/UdpEgress.hpp"
#include <arpa/inet.h>
#include <map>
#include <random>

namespace
{
	// The waiting queue of libuv, in short.
	struct FakeSocket : UdpEgress::Socket
	{
		explicit FakeSocket(int fd) : fd(fd)
		{
		}

		int GetUdpFd() const override
		{
			return fd;
		}

		bool HasWaitingDatagrams() const override
		{
			return !waiting.empty();
		}

		bool LetDatagramWait(
		  const uint8_t* data, size_t len, const struct sockaddr*, UdpEgress::onSendCallback* cb) override
		{
			waiting.push_back({ std::string(reinterpret_cast<const char*>(data), len), cb });
			return true;
		}

		void OnDatagramsSent(size_t bytes) override
		{
			sentBytes += bytes;
		}

		void Drain()
		{
			for (auto& [data, cb] : std::exchange(waiting, {}))
			{
				UdpEgress::WaitingLeft(data.size());
				if (cb)
				{
					(*cb)(true);
					delete cb;
				}
			}
		}

		int fd;
		size_t sentBytes{ 0 };
		std::vector<std::pair<std::string, UdpEgress::onSendCallback*>> waiting;
	};

	sockaddr_storage Address(const char* ip, uint16_t port)
	{
		sockaddr_storage address{};
		auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
		auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);

		if (inet_pton(AF_INET, ip, &v4->sin_addr) == 1)
		{
			v4->sin_family = AF_INET;
			v4->sin_port   = htons(port);
		}
		else
		{
			CHECK(inet_pton(AF_INET6, ip, &v6->sin6_addr) == 1);
			v6->sin6_family = AF_INET6;
			v6->sin6_port   = htons(port);
		}

		return address;
	}

	const sockaddr_storage A = Address("192.0.2.1", 5000);
	const sockaddr_storage B = Address("192.0.2.2", 5000);

	// What became of the datagrams, in the order in which it was told.
	std::vector<bool> told;

	bool Add(FakeSocket& socket, const std::string& data, const sockaddr_storage& to = A)
	{
		return UdpEgress::Add(
		  &socket,
		  reinterpret_cast<const uint8_t*>(data.data()),
		  data.size(),
		  reinterpret_cast<const sockaddr*>(&to),
		  new UdpEgress::onSendCallback([](bool sent) { told.push_back(sent); }));
	}

	std::string Bytes(size_t size, char first = 'a')
	{
		std::string data(size, 'x');
		data[0] = first;
		return data;
	}

	size_t Messages()
	{
		return kernel.messages;
	}

	// Refuses what has to be cut.
	int (*refuseSegments(int error))(int, const msghdr&)
	{
		static int refusal;
		refusal = error;
		return [](int, const msghdr& message) { return FakeKernel::SegmentSize(message) ? refusal : 0; };
	}

	void SendTwo(FakeSocket& socket, const sockaddr_storage& to = A)
	{
		Add(socket, Bytes(1000, '1'), to);
		Add(socket, Bytes(1000, '2'), to);
		UdpEgress::Flush();
	}


	const Cases cases{
		{ "neighbours of one size to one destination leave as one message, the last of them may be shorter",
		  [] {
			  FakeSocket socket(3);
			  for (const size_t size : { 1000, 1000, 700, 700, 900 })
				  Add(socket, Bytes(size));
			  CHECK(kernel.calls == 0);
			  UdpEgress::Flush();
			  CHECK(kernel.calls == 1 && Messages() == 3 && kernel.sent.size() == 5);
			  CHECK(kernel.sent[2].message == 0 && kernel.sent[3].message == 1 && kernel.sent[4].message == 2);
			  CHECK(kernel.sent[2].data.size() == 700 && kernel.sent[4].data.size() == 900);
			  CHECK(socket.sentBytes == 4300 && told == std::vector<bool>(5, true));
		  } },
		{ "destinations and sockets do not share a message, and keep their order",
		  [] {
			  FakeSocket one(3);
			  FakeSocket other(4);
			  Add(one, Bytes(500, '1'), A);
			  Add(one, Bytes(500, '2'), B);
			  Add(other, Bytes(500, '3'), A);
			  UdpEgress::Flush();
			  CHECK(kernel.calls == 2 && Messages() == 3);
			  CHECK(kernel.sent[0].address != kernel.sent[1].address && kernel.sent[2].fd == 4);
			  CHECK(kernel.sent[0].data[0] == '1' && kernel.sent[1].data[0] == '2' && kernel.sent[2].data[0] == '3');
		  } },
		{ "what pads an IPv4 address does not part two datagrams",
		  [] {
			  FakeSocket socket(3);
			  auto padded = A;
			  std::memset(reinterpret_cast<sockaddr_in*>(&padded)->sin_zero, 7, 8);
			  Add(socket, Bytes(500), A);
			  Add(socket, Bytes(500), padded);
			  UdpEgress::Flush();
			  CHECK(Messages() == 1);
		  } },
		{ "IPv6 destinations are told apart by address and port, and mix with IPv4",
		  [] {
			  FakeSocket socket(3);
			  const auto six = Address("2001:db8::1", 5000);
			  for (const auto& to : { six, six, Address("2001:db8::1", 5001), Address("2001:db8::2", 5000), A })
				  Add(socket, Bytes(500), to);
			  UdpEgress::Flush();
			  CHECK(Messages() == 4 && kernel.sent[1].message == 0);
			  CHECK(kernel.sent[0].address.size() == sizeof(sockaddr_in6) && kernel.sent[4].address.size() == sizeof(sockaddr_in));
		  } },
		{ "what is written into reserved memory is not copied",
		  [] {
			  FakeSocket socket(3);
			  auto* memory = UdpEgress::Reserve(1200);
			  std::memset(memory, 'r', 1100);
			  UdpEgress::Add(&socket, memory, 1100, reinterpret_cast<const sockaddr*>(&A), nullptr);
			  CHECK(UdpEgress::Reserve(1200) >= memory + 1100);
			  UdpEgress::Flush();
			  CHECK(kernel.sent.at(0).memory == memory && kernel.sent[0].data == std::string(1100, 'r'));
			  CHECK(UdpEgress::Reserve(UdpEgress::MaxDatagramSize + 1) == nullptr);
		  } },
		{ "nothing waits longer than its time while others are added",
		  [] {
			  FakeSocket socket(3);
			  Add(socket, Bytes(500));
			  kernel.nowUs += UdpEgress::MaxAgeUs - 1;
			  Add(socket, Bytes(500));
			  CHECK(kernel.calls == 0);
			  kernel.nowUs += 1;
			  Add(socket, Bytes(500));
			  CHECK(kernel.sent.size() == 3);
		  } },
		{ "a full batch leaves by itself; without batches each datagram does",
		  [] {
			  FakeSocket socket(3);
			  for (size_t i{ 0 }; i < UdpEgress::MaxDatagrams; ++i)
				  Add(socket, Bytes(UdpEgress::MaxDatagramSize));
			  CHECK(kernel.sent.size() == UdpEgress::MaxDatagrams);
			  for (const auto& datagram : kernel.sent)
				  CHECK(datagram.data == Bytes(UdpEgress::MaxDatagramSize));
			  UdpEgress::SetMaxDatagrams(1);
			  Add(socket, Bytes(10));
			  CHECK(kernel.sent.size() == UdpEgress::MaxDatagrams + 1);
		  } },
		{ "a datagram that is too large is left to the caller, after those before it",
		  [] {
			  FakeSocket socket(3);
			  Add(socket, Bytes(500));
			  CHECK(!UdpEgress::Add(&socket, nullptr, UdpEgress::MaxDatagramSize + 1, reinterpret_cast<const sockaddr*>(&A), nullptr));
			  CHECK(kernel.sent.size() == 1);
		  } },
		{ "a callback tells that the kernel took the datagram, not that it was queued",
		  [] {
			  FakeSocket socket(3);
			  Add(socket, Bytes(500), A);
			  Add(socket, Bytes(600), B);
			  CHECK(told.empty());
			  kernel.answer = [](int, const msghdr& m) { return m.msg_iov[0].iov_len == 500 ? EPERM : 0; };
			  UdpEgress::Flush();
			  CHECK((told == std::vector<bool>{ false, true }) && kernel.sent.size() == 1 && socket.sentBytes == 600);
		  } },
		{ "a callback may send",
		  [] {
			  static FakeSocket socket(3);
			  const std::string data = Bytes(500, '1');
			  UdpEgress::Add(
			    &socket,
			    reinterpret_cast<const uint8_t*>(data.data()),
			    data.size(),
			    reinterpret_cast<const sockaddr*>(&A),
			    new UdpEgress::onSendCallback(
			      [](bool)
			      {
				      for (size_t i{ 0 }; i < UdpEgress::MaxDatagrams + 1; ++i)
					      Add(socket, Bytes(400, '2'));
			      }));
			  Add(socket, Bytes(500, '3'));
			  UdpEgress::Flush();
			  UdpEgress::Flush();
			  CHECK(kernel.sent.size() == UdpEgress::MaxDatagrams + 3 && told.size() == UdpEgress::MaxDatagrams + 2);
			  CHECK(kernel.sent[1].data == Bytes(500, '3') && kernel.sent[2].data == Bytes(400, '2'));
		  } },
		{ "a signal does not end the sending",
		  [] {
			  FakeSocket socket(3);
			  kernel.answer = [](int, const msghdr&) { return kernel.calls == 1 ? EINTR : 0; };
			  SendTwo(socket);
			  CHECK(kernel.sent.size() == 2);
		  } },
		{ "a socket that is gone takes nothing",
		  [] {
			  FakeSocket socket(-1);
			  SendTwo(socket);
			  CHECK(kernel.calls == 0 && told == std::vector<bool>(2, false));
		  } },
		{ "while the kernel takes no more the rest waits, later ones behind it",
		  [] {
			  FakeSocket socket(3);
			  FakeSocket other(4);
			  kernel.answer = [](int fd, const msghdr&) { return fd == 3 && kernel.messages >= 1 ? EAGAIN : 0; };
			  Add(socket, Bytes(500, '1'), A);
			  Add(socket, Bytes(500, '2'), B);
			  Add(other, Bytes(500, '3'), A);
			  UdpEgress::Flush();
			  CHECK(kernel.sent.size() == 2 && socket.waiting.size() == 1 && told.size() == 2);
			  const size_t calls = kernel.calls;
			  Add(socket, Bytes(500, '4'), A);
			  UdpEgress::Flush();
			  CHECK(kernel.calls == calls && socket.waiting.size() == 2);
			  CHECK(socket.waiting[0].first[0] == '2' && socket.waiting[1].first[0] == '4');
			  socket.Drain();
			  CHECK(told.size() == 4);
		  } },
		{ "what waits is bounded: more is dropped, counted, and told",
		  [] {
			  FakeSocket socket(3);
			  kernel.answer      = [](int, const msghdr&) { return ENOBUFS; };
			  const size_t most  = UdpEgress::MaxWaitingBytes / 1024;
			  for (size_t i{ 0 }; i < most + 10; ++i)
				  Add(socket, Bytes(1024));
			  UdpEgress::Flush();
			  CHECK(socket.waiting.size() == most && UdpEgress::GetDropped() == 10);
			  CHECK(told == std::vector<bool>(10, false));
			  socket.Drain();
			  SendTwo(socket);
			  CHECK(socket.waiting.size() == 2 && UdpEgress::GetDropped() == 10);
			  socket.Drain();
			  kernel.answer = [](int, const msghdr&) { return 0; };
			  SendTwo(socket);
			  CHECK(kernel.sent.size() == 2);
		  } },
		{ "refused segments leave one by one, each once, and after some refusals at once",
		  [] {
			  for (const int error : { EIO, EINVAL, EMSGSIZE, ENOPROTOOPT, EOPNOTSUPP })
			  {
				  FakeSocket socket(3);
				  kernel.answer = refuseSegments(error);
				  for (size_t i{ 0 }; i < UdpEgress::MaxRefusals; ++i)
				  {
					  kernel.sent.clear();
					  SendTwo(socket);
					  CHECK(kernel.sent.size() == 2 && !kernel.sent[0].segmented);
				  }
				  kernel.answer = [](int, const msghdr&) { return 0; };
				  SendTwo(socket);
				  CHECK(!kernel.sent.back().segmented);
				  FakeSocket fresh(4);
				  SendTwo(fresh);
				  CHECK(kernel.sent.back().segmented);
			  }
			  CHECK(told == std::vector<bool>(told.size(), true));
		  } },
		{ "one destination that refuses segments does not take them from others",
		  [] {
			  FakeSocket socket(3);
			  kernel.answer = [](int, const msghdr& m)
			  { return std::memcmp(m.msg_name, &B, sizeof(sockaddr_in)) == 0 && FakeKernel::SegmentSize(m) ? EINVAL : 0; };
			  for (size_t i{ 0 }; i < 3u * UdpEgress::MaxRefusals; ++i)
			  {
				  SendTwo(socket, B);
				  SendTwo(socket, A);
				  CHECK(kernel.sent.back().segmented);
			  }
		  } },
		{ "a destination that takes nothing at all says nothing about segments",
		  [] {
			  FakeSocket socket(3);
			  kernel.answer = [](int, const msghdr& m) { return std::memcmp(m.msg_name, &B, sizeof(sockaddr_in)) == 0 ? EINVAL : 0; };
			  for (size_t i{ 0 }; i < 2u * UdpEgress::MaxRefusals; ++i)
				  SendTwo(socket, B);
			  CHECK(kernel.sent.empty() && told == std::vector<bool>(told.size(), false));
			  SendTwo(socket, A);
			  CHECK(kernel.sent.size() == 2 && kernel.sent[0].segmented);
		  } },
		{ "a kernel without segments is never given any",
		  [] {
			  FakeSocket socket(3);
			  kernel.knowsSegments = false;
			  SendTwo(socket);
			  CHECK(kernel.sent.size() == 2 && !kernel.sent[0].segmented && kernel.calls == 1);
		  } },
		{ "whatever the kernel answers, each datagram has one end, and those of a socket keep their order",
		  [] {
			  for (unsigned seed{ 1 }; seed <= 200; ++seed)
			  {
				  std::mt19937 random(seed);
				  FakeSocket sockets[]{ FakeSocket(3), FakeSocket(4) };
				  size_t waited{ 0 };
				  const int errors[]{ EAGAIN, EINTR, EIO, EINVAL, EPERM, ENOBUFS };
				  kernel.sent.clear();
				  told.clear();
				  kernel.answer = [&](int, const msghdr&) { return random() % 4 ? 0 : errors[random() % 6]; };
				  for (uint32_t i{ 0 }; i < 300; ++i)
				  {
					  std::string data(100 + random() % 3, 'x');
					  std::memcpy(data.data(), &i, sizeof(i));
					  CHECK(Add(sockets[random() % 2], data, random() % 2 ? A : B));
					  if (random() % 10 == 0)
						  UdpEgress::Flush();
					  if (random() % 50 == 0)
						  for (auto& socket : sockets)
						  {
							  waited += socket.waiting.size();
							  socket.Drain();
						  }
				  }
				  UdpEgress::Flush();
				  for (auto& socket : sockets)
				  {
					  waited += socket.waiting.size();
					  socket.Drain();
				  }
				  CHECK(told.size() == 300);
				  CHECK(static_cast<size_t>(std::count(told.begin(), told.end(), true)) == kernel.sent.size() + waited);
				  std::map<int, uint32_t> last;
				  for (const auto& datagram : kernel.sent)
				  {
					  uint32_t i;
					  std::memcpy(&i, datagram.data.data(), sizeof(i));
					  CHECK(last.count(datagram.fd) == 0 || last[datagram.fd] < i);
					  last[datagram.fd] = i;
				  }
			  }
		  } },
	};
} // namespace

int main(int argc, char** argv)
{
	return RunCase(cases, argc, argv);
}
