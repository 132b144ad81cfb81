/*
 * The least that this machine needs to forward: encrypts packets as SRTP does (RFC 7714, AEAD_AES_128_GCM) and sends each to as
 * many addresses on loopback, at a fixed rate. A second thread reads what arrives, and counts.
 *
 *   floor <receivers> <bursts a second> <seconds> <gso 0|1> <size>[,<size>...]/<size>[,<size>...]...
 *
 * Each list of sizes (bytes of RTP) is a burst; they come in turn. Prints {"sent", "delivered", "cpu_ns"}: CPU of the sending thread alone.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { MOST_BURSTS = 64, MOST_PACKETS = 32, HEADER = 12, TAG = 16, MOST_BYTES = 1500, BATCH = 32, BUFFER = 4 << 20 };

typedef struct {
	int count;
	int sizes[MOST_PACKETS];
} Burst;

typedef struct {
	EVP_CIPHER_CTX *cipher;
	struct sockaddr_in address;
	uint16_t sequence;
} Receiver;

static atomic_long delivered;
static atomic_int ended;
static int poller;

static void die(const char *what) {
	perror(what);
	exit(1);
}

static long long nanoseconds(clockid_t clock) {
	struct timespec at;
	clock_gettime(clock, &at);
	return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static void *sink(void *unused) {
	(void)unused;
	static unsigned char memory[BATCH][2048];
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	struct epoll_event ready[64];
	memset(messages, 0, sizeof messages);
	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){memory[i], sizeof memory[i]};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	}
	while (!atomic_load(&ended)) {
		int count = epoll_wait(poller, ready, 64, 50);
		for (int i = 0; i < count; i++) {
			int got;
			while ((got = recvmmsg(ready[i].data.fd, messages, BATCH, MSG_DONTWAIT, NULL)) > 0) atomic_fetch_add(&delivered, got);
		}
	}
	return NULL;
}

static int read_bursts(char *text, Burst *bursts) {
	int count = 0;
	char *next_burst;
	for (char *burst = strtok_r(text, "/", &next_burst); burst && count < MOST_BURSTS; burst = strtok_r(NULL, "/", &next_burst)) {
		Burst *each = &bursts[count++];
		char *next_size;
		each->count = 0;
		for (char *size = strtok_r(burst, ",", &next_size); size && each->count < MOST_PACKETS; size = strtok_r(NULL, ",", &next_size)) {
			int bytes = atoi(size);
			if (bytes <= HEADER || bytes + TAG > MOST_BYTES) {
				fprintf(stderr, "no size: %s\n", size);
				exit(2);
			}
			each->sizes[each->count++] = bytes;
		}
	}
	return count;
}

static void open_receiver(Receiver *receiver) {
	int socket_ = socket(AF_INET, SOCK_DGRAM, 0);
	int buffer = BUFFER;
	socklen_t length = sizeof receiver->address;
	struct epoll_event event = {.events = EPOLLIN, .data.fd = socket_};
	unsigned char key[16];
	receiver->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (socket_ < 0 || bind(socket_, (struct sockaddr *)&receiver->address, length) < 0) die("bind");
	setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
	getsockname(socket_, (struct sockaddr *)&receiver->address, &length);
	if (epoll_ctl(poller, EPOLL_CTL_ADD, socket_, &event) < 0) die("epoll_ctl");
	/* Everybody has a key of his own. */
	for (int i = 0; i < 16; i++) key[i] = (unsigned char)rand();
	receiver->cipher = EVP_CIPHER_CTX_new();
	if (!EVP_EncryptInit_ex(receiver->cipher, EVP_aes_128_gcm(), NULL, key, NULL)) die("EVP");
}

/* Header, encrypted payload, tag; gives the number of bytes. */
static int encrypt(Receiver *receiver, const unsigned char *plain, int bytes, unsigned char *out) {
	unsigned char iv[12] = {0};
	int length, rest;
	receiver->sequence++;
	memcpy(out, plain, HEADER);
	out[2] = iv[10] = (unsigned char)(receiver->sequence >> 8);
	out[3] = iv[11] = (unsigned char)receiver->sequence;
	EVP_EncryptInit_ex(receiver->cipher, NULL, NULL, NULL, iv);
	EVP_EncryptUpdate(receiver->cipher, NULL, &length, out, HEADER);
	EVP_EncryptUpdate(receiver->cipher, out + HEADER, &length, plain + HEADER, bytes - HEADER);
	EVP_EncryptFinal_ex(receiver->cipher, out + HEADER + length, &rest);
	EVP_CIPHER_CTX_ctrl(receiver->cipher, EVP_CTRL_GCM_GET_TAG, TAG, out + bytes);
	return bytes + TAG;
}

static void send_segments(int from, Receiver *to, unsigned char *bytes, int length, int segment) {
	union {
		char bytes[CMSG_SPACE(sizeof(uint16_t))];
		struct cmsghdr aligned;
	} control = {{0}};
	struct iovec part = {bytes, (size_t)length};
	struct msghdr message = {.msg_name = &to->address, .msg_namelen = sizeof to->address, .msg_iov = &part, .msg_iovlen = 1};
	if (segment < length) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof control.bytes;
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_UDP;
		header->cmsg_type = UDP_SEGMENT;
		header->cmsg_len = CMSG_LEN(sizeof(uint16_t));
		*(uint16_t *)CMSG_DATA(header) = (uint16_t)segment;
	}
	if (sendmsg(from, &message, 0) < 0) die("sendmsg");
}

static void send_burst(int from, Receiver *to, const Burst *burst, const unsigned char *plain, int gso) {
	static unsigned char out[MOST_PACKETS * MOST_BYTES];
	int length = 0, segment = 0;
	for (int i = 0; i < burst->count; i++) {
		int bytes = burst->sizes[i] + TAG;
		/* Segments are equally long; the last one may be shorter. */
		if (length > 0 && (bytes > segment || length % segment != 0)) {
			send_segments(from, to, out, length, segment);
			length = 0;
		}
		if (length == 0) segment = bytes;
		length += encrypt(to, plain, burst->sizes[i], out + length);
		if (!gso) {
			if (sendto(from, out, (size_t)length, 0, (struct sockaddr *)&to->address, sizeof to->address) < 0) die("sendto");
			length = 0;
		}
	}
	if (length > 0) send_segments(from, to, out, length, segment);
}

int main(int argc, char **argv) {
	static Burst bursts[MOST_BURSTS];
	unsigned char plain[MOST_BYTES] = {0x80, 96};
	if (argc != 6) {
		fprintf(stderr, "usage: floor <receivers> <bursts a second> <seconds> <gso> <sizes>\n");
		return 2;
	}
	int receivers = atoi(argv[1]);
	double rate = atof(argv[2]), seconds = atof(argv[3]);
	int gso = atoi(argv[4]), kinds = read_bursts(argv[5], bursts);
	if (receivers < 1 || rate <= 0 || seconds <= 0 || kinds < 1) return 2;
	poller = epoll_create1(0);
	Receiver *all = calloc((size_t)receivers, sizeof *all);
	for (int i = 0; i < receivers; i++) open_receiver(&all[i]);
	int from = socket(AF_INET, SOCK_DGRAM, 0), buffer = BUFFER;
	setsockopt(from, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
	pthread_t reader;
	if (pthread_create(&reader, NULL, sink, NULL) != 0) die("pthread_create");

	long sent = 0;
	long long began = nanoseconds(CLOCK_MONOTONIC), cpu = nanoseconds(CLOCK_THREAD_CPUTIME_ID);
	for (long turn = 0; turn < rate * seconds; turn++) {
		long long due = began + (long long)(turn * 1e9 / rate);
		struct timespec at = {due / 1000000000LL, due % 1000000000LL};
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {}
		const Burst *burst = &bursts[turn % kinds];
		for (int i = 0; i < receivers; i++) send_burst(from, &all[i], burst, plain, gso);
		sent += (long)burst->count * receivers;
	}
	cpu = nanoseconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
	double took = (double)(nanoseconds(CLOCK_MONOTONIC) - began) / 1e9;
	usleep(200000);
	atomic_store(&ended, 1);
	pthread_join(reader, NULL);
	printf("{\"sent\": %ld, \"delivered\": %ld, \"cpu_ns\": %lld, \"seconds\": %.3f}\n", sent, atomic_load(&delivered), cpu, took);
	return 0;
}
