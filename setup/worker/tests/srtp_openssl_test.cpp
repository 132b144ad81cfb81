// What compat/srtp_openssl.h promises: it reads what libsrtp's own ciphers wrote, and the other way round.
#include "check.h"
#include "srtp_openssl.h"
#include <string>

static const srtp_profile_t Profiles[]{ srtp_profile_aead_aes_128_gcm,
	                                      srtp_profile_aead_aes_256_gcm,
	                                      srtp_profile_aes128_cm_sha1_80,
	                                      srtp_profile_aes128_cm_sha1_32 };

static srtp_t Session(srtp_profile_t profile, srtp_ssrc_type_t direction, uint8_t firstOfKey = 1)
{
	uint8_t key[SRTP_MAX_KEY_LEN];
	srtp_policy_t policy{};
	srtp_t session;

	for (size_t i{ 0 }; i < sizeof(key); ++i)
	{
		key[i] = static_cast<uint8_t>(firstOfKey + i);
	}

	CHECK(srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile) == srtp_err_status_ok);
	CHECK(srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile) == srtp_err_status_ok);
	policy.ssrc.type   = direction;
	policy.key         = key;
	policy.window_size = 1024;
	CHECK(srtp_create(&session, &policy) == srtp_err_status_ok);

	return session;
}

static std::string Rtp(uint16_t seq, size_t payload)
{
	std::string packet(12 + payload, static_cast<char>(seq));

	packet[0] = '\x80';
	packet[1] = '\x60';
	packet[2] = static_cast<char>(seq >> 8);
	packet[3] = static_cast<char>(seq);
	packet.replace(8, 4, "ssrc");

	return packet;
}

static std::string Rtcp(size_t words)
{
	std::string packet(8 + 4 * words, 'r');

	packet[0] = '\x80';
	packet[1] = '\xc8';
	packet[2] = 0;
	packet[3] = static_cast<char>(1 + words);
	packet.replace(4, 4, "ssrc");

	return packet;
}

using Operation = srtp_err_status_t (*)(srtp_t, void*, int*);

// Status of the operation, and the packet after it.
static srtp_err_status_t Do(Operation operation, srtp_t session, std::string& packet)
{
	int len = static_cast<int>(packet.size());

	packet.resize(packet.size() + SRTP_MAX_TRAILER_LEN + 4);

	const auto status = operation(session, packet.data(), &len);

	packet.resize(static_cast<size_t>(len));

	return status;
}

static void CheckCrosses(Operation protect, Operation unprotect, srtp_t from, srtp_t to, const std::string& sent)
{
	std::string packet = sent;

	CHECK(Do(protect, from, packet) == srtp_err_status_ok);
	CHECK(packet.size() > sent.size() && packet.substr(sent.size() / 2) != sent.substr(sent.size() / 2));

	std::string changed = packet;

	changed[packet.size() / 2] ^= 1;
	CHECK(Do(unprotect, to, changed) == srtp_err_status_auth_fail);
	CHECK(Do(unprotect, to, packet) == srtp_err_status_ok);
	CHECK(packet == sent);
}

int main()
{
	CHECK(srtp_init() == srtp_err_status_ok);

	srtp_t theirs[4][2];

	for (size_t i{ 0 }; i < 4; ++i)
	{
		theirs[i][0] = Session(Profiles[i], ssrc_any_outbound);
		theirs[i][1] = Session(Profiles[i], ssrc_any_inbound);
	}

	CHECK(srtp_openssl::replace() == srtp_err_status_ok);

	for (size_t i{ 0 }; i < 4; ++i)
	{
		srtp_t out   = Session(Profiles[i], ssrc_any_outbound);
		srtp_t in    = Session(Profiles[i], ssrc_any_inbound);
		srtp_t other = Session(Profiles[i], ssrc_any_inbound, 99);

		for (uint16_t seq{ 1 }; seq < 400; ++seq)
		{
			const auto packet = Rtp(seq, 1 + (seq * 37) % 1200);

			CheckCrosses(srtp_protect, srtp_unprotect, out, theirs[i][1], packet);
			CheckCrosses(srtp_protect, srtp_unprotect, theirs[i][0], in, packet);
			CheckCrosses(srtp_protect_rtcp, srtp_unprotect_rtcp, out, theirs[i][1], Rtcp(1 + seq % 60));
			CheckCrosses(srtp_protect_rtcp, srtp_unprotect_rtcp, theirs[i][0], in, Rtcp(1 + seq % 60));
		}

		auto packet = Rtp(500, 100);

		CHECK(Do(srtp_protect, out, packet) == srtp_err_status_ok);
		CHECK(Do(srtp_unprotect, other, packet) == srtp_err_status_auth_fail);

		for (auto* session : { out, in, other, theirs[i][0], theirs[i][1] })
		{
			CHECK(srtp_dealloc(session) == srtp_err_status_ok);
		}
	}

	CHECK(srtp_shutdown() == srtp_err_status_ok);

	return 0;
}
