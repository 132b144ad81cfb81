// Takes the place of what UdpEgress calls: sendmmsg(), getsockopt() and the clock.
#pragma once

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

struct SentDatagram
{
	int fd;
	std::string address;
	std::string data;
	// Of the message that it was part of.
	size_t call;
	size_t message;
	bool segmented;
	const void* memory;
};

struct FakeKernel
{
	// 0, or the errno of a message.
	using Answer = std::function<int(int fd, const msghdr& message)>;

	int64_t nowUs{ 0 };
	bool knowsSegments{ true };
	size_t calls{ 0 };
	size_t messages{ 0 };
	Answer answer{ [](int, const msghdr&) { return 0; } };
	std::vector<SentDatagram> sent;

	static size_t SegmentSize(const msghdr& message)
	{
		for (auto* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(const_cast<msghdr*>(&message), c))
		{
			if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_SEGMENT)
			{
				uint16_t size;
				std::memcpy(&size, CMSG_DATA(c), sizeof(size));
				return size;
			}
		}

		return 0;
	}

	// What a receiver gets: a message of many segments is cut as the kernel does it.
	void Take(int fd, const msghdr& message)
	{
		std::string bytes;

		for (size_t i{ 0 }; i < message.msg_iovlen; ++i)
		{
			bytes.append(static_cast<char*>(message.msg_iov[i].iov_base), message.msg_iov[i].iov_len);
		}

		const size_t segment = SegmentSize(message) ? SegmentSize(message) : bytes.size();
		const std::string address(static_cast<char*>(message.msg_name), message.msg_namelen);

		for (size_t at{ 0 }; at < bytes.size(); at += segment)
		{
			sent.push_back({ fd, address, bytes.substr(at, segment), calls, messages, SegmentSize(message) != 0,
			                 message.msg_iov[0].iov_base });
		}

		messages++;
	}
};

inline FakeKernel kernel;

extern "C"
{
	int sendmmsg(int fd, struct mmsghdr* messages, unsigned int count, int)
	{
		unsigned int taken{ 0 };

		kernel.calls++;

		for (; taken < count; ++taken)
		{
			const int error = kernel.answer(fd, messages[taken].msg_hdr);

			if (error != 0)
			{
				errno = error;
				return taken > 0 ? static_cast<int>(taken) : -1;
			}

			kernel.Take(fd, messages[taken].msg_hdr);
		}

		return static_cast<int>(taken);
	}

	int getsockopt(int, int level, int name, void*, socklen_t*) noexcept
	{
		if (level == IPPROTO_UDP && name == UDP_SEGMENT && kernel.knowsSegments)
		{
			return 0;
		}

		errno = ENOPROTOOPT;
		return -1;
	}

	uint64_t uv_hrtime(void)
	{
		return static_cast<uint64_t>(kernel.nowUs) * 1000;
	}
}
