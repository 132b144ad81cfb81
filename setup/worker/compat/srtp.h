// What the worker uses of libsrtp 3, in terms of the libsrtp 2 that Debian has.
#pragma once

#include "srtp_openssl.h"
#include <srtp2/srtp.h>
#include <cstddef>
#include <cstdint>
#include <cstring>

// Errors that libsrtp 2 does not know, and never returns.
#define srtp_err_status_buffer_small (static_cast<srtp_err_status_t>(100))
#define srtp_err_status_cryptex_err (static_cast<srtp_err_status_t>(101))

namespace srtp3
{
	inline srtp_err_status_t init()
	{
		const srtp_err_status_t err = ::srtp_init();

		return err == srtp_err_status_ok ? srtp_openssl::replace() : err;
	}

	// libsrtp 3 hides its policy behind a pointer, and copies the key into it.
	struct Policy
	{
		srtp_policy_t policy{};
		unsigned char key[SRTP_MAX_KEY_LEN]{};
	};

	using PolicyPtr = Policy*;

	inline srtp_err_status_t policy_create(PolicyPtr* policy)
	{
		*policy = new Policy();

		return srtp_err_status_ok;
	}

	inline void policy_destroy(PolicyPtr policy)
	{
		if (policy)
		{
			volatile unsigned char* key = policy->key;

			for (size_t i = 0; i < sizeof(policy->key); ++i)
			{
				key[i] = 0;
			}
		}

		delete policy;
	}

	inline srtp_err_status_t policy_set_ssrc(PolicyPtr policy, srtp_ssrc_t ssrc)
	{
		policy->policy.ssrc = ssrc;

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t policy_set_profile(PolicyPtr policy, srtp_profile_t profile)
	{
		const srtp_err_status_t err =
		  srtp_crypto_policy_set_from_profile_for_rtp(&policy->policy.rtp, profile);

		if (err != srtp_err_status_ok)
		{
			return err;
		}

		return srtp_crypto_policy_set_from_profile_for_rtcp(&policy->policy.rtcp, profile);
	}

	inline srtp_err_status_t policy_add_key(
	  PolicyPtr policy,
	  const uint8_t* key,
	  size_t keyLen,
	  const uint8_t* salt,
	  size_t saltLen,
	  const uint8_t* /*mki*/,
	  size_t /*mkiLen*/)
	{
		if (keyLen + saltLen > sizeof(policy->key))
		{
			return srtp_err_status_bad_param;
		}

		// libsrtp 2 takes key and salt as one.
		std::memcpy(policy->key, key, keyLen);
		std::memcpy(policy->key + keyLen, salt, saltLen);

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t policy_set_allow_repeat_tx(PolicyPtr policy, bool allow)
	{
		policy->policy.allow_repeat_tx = allow ? 1 : 0;

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t policy_set_window_size(PolicyPtr policy, size_t size)
	{
		policy->policy.window_size = size;

		return srtp_err_status_ok;
	}

	inline srtp_err_status_t create(srtp_t* session, PolicyPtr policy)
	{
		policy->policy.key = policy->key;

		return ::srtp_create(session, &policy->policy);
	}

	inline srtp_err_status_t stream_remove(srtp_t session, uint32_t ssrc)
	{
		return ::srtp_remove_stream(session, ssrc);
	}

	// What an operation may add: libsrtp 2 writes it without knowing the size of the buffer.
	constexpr size_t RtpGrowth{ SRTP_MAX_TRAILER_LEN };
	constexpr size_t RtcpGrowth{ SRTP_MAX_TRAILER_LEN + 4 };

	// libsrtp 3 reads from one buffer and writes to another; libsrtp 2 works in place, in the one that is written.
	template<class Operation>
	inline srtp_err_status_t in_place(
	  Operation operation, size_t growth, srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
	{
		if (inLen + growth > *outLen)
		{
			return srtp_err_status_buffer_small;
		}

		if (in != out)
		{
			std::memcpy(out, in, inLen);
		}

		int len                     = static_cast<int>(inLen);
		const srtp_err_status_t err = operation(session, out, &len);

		*outLen = static_cast<size_t>(len);

		return err;
	}

	inline srtp_err_status_t protect(
	  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t /*mkiIndex*/)
	{
		return in_place(::srtp_protect, RtpGrowth, session, in, inLen, out, outLen);
	}

	inline srtp_err_status_t protect_rtcp(
	  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen, size_t /*mkiIndex*/)
	{
		return in_place(::srtp_protect_rtcp, RtcpGrowth, session, in, inLen, out, outLen);
	}

	inline srtp_err_status_t unprotect(
	  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
	{
		return in_place(::srtp_unprotect, 0, session, in, inLen, out, outLen);
	}

	inline srtp_err_status_t unprotect_rtcp(
	  srtp_t session, const uint8_t* in, size_t inLen, uint8_t* out, size_t* outLen)
	{
		return in_place(::srtp_unprotect_rtcp, 0, session, in, inLen, out, outLen);
	}
} // namespace srtp3

// After this line the names mean libsrtp 3.
#define srtp_init srtp3::init
#define srtp_policy_t srtp3::PolicyPtr
#define srtp_policy_create srtp3::policy_create
#define srtp_policy_destroy srtp3::policy_destroy
#define srtp_policy_set_ssrc srtp3::policy_set_ssrc
#define srtp_policy_set_profile srtp3::policy_set_profile
#define srtp_policy_add_key srtp3::policy_add_key
#define srtp_policy_set_allow_repeat_tx srtp3::policy_set_allow_repeat_tx
#define srtp_policy_set_window_size srtp3::policy_set_window_size
#define srtp_create srtp3::create
#define srtp_stream_remove srtp3::stream_remove
#define srtp_protect srtp3::protect
#define srtp_protect_rtcp srtp3::protect_rtcp
#define srtp_unprotect srtp3::unprotect
#define srtp_unprotect_rtcp srtp3::unprotect_rtcp
