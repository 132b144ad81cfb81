// Debian's libsrtp leaves its cryptography to NSS, which sets up each packet anew. These are the same ciphers by
// OpenSSL, whose contexts are set up once; libsrtp takes them after its own known answers (srtp_replace_cipher_type()).
#pragma once

// SHA-1 alone can keep a hash half done, which the EVP_MAC of OpenSSL 3 copies with an allocation for each packet.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <srtp2/auth.h>
#include <srtp2/cipher.h>
#include <srtp2/srtp.h>
#include <cstdint>
#include <cstring>
#include <initializer_list>

// libsrtp's own, whose known answers ours have to give.
extern "C"
{
	extern const srtp_cipher_type_t srtp_aes_gcm_128;
	extern const srtp_cipher_type_t srtp_aes_gcm_256;
	extern const srtp_cipher_type_t srtp_aes_icm_128;
	extern const srtp_cipher_type_t srtp_aes_icm_256;
	extern const srtp_auth_type_t srtp_hmac;
}

namespace srtp_openssl
{
	inline srtp_err_status_t status(bool ok)
	{
		return ok ? srtp_err_status_ok : srtp_err_status_cipher_fail;
	}

	struct Cipher
	{
		srtp_cipher_t base{};
		EVP_CIPHER_CTX* context{ EVP_CIPHER_CTX_new() };
		const EVP_CIPHER* kind{ nullptr };
		// Of counter mode: what the initialization vector is added to.
		uint8_t salt[16]{};
		// Of GCM.
		int tagLen{ 0 };

		Cipher() = default;
		Cipher(const Cipher&) = delete;
		Cipher& operator=(const Cipher&) = delete;
		~Cipher()
		{
			EVP_CIPHER_CTX_free(this->context);
			OPENSSL_cleanse(this->salt, sizeof(this->salt));
		}

		static Cipher* of(void* state)
		{
			return static_cast<Cipher*>(state);
		}
	};

	inline srtp_err_status_t alloc(
	  srtp_cipher_pointer_t* cipher,
	  const srtp_cipher_type_t* type,
	  const EVP_CIPHER* kind,
	  int saltLen,
	  int keyLen,
	  int tagLen)
	{
		if (keyLen != EVP_CIPHER_key_length(kind) + saltLen)
		{
			return srtp_err_status_bad_param;
		}

		auto* made = new Cipher();

		made->kind           = kind;
		made->tagLen         = tagLen;
		made->base.type      = type;
		made->base.state     = made;
		made->base.key_len   = keyLen;
		made->base.algorithm = static_cast<int>(type->id);
		*cipher              = &made->base;

		return status(made->context != nullptr);
	}

	inline srtp_err_status_t dealloc(srtp_cipher_pointer_t cipher)
	{
		delete Cipher::of(cipher->state);

		return srtp_err_status_ok;
	}

	// AES-GCM (RFC 7714).
	namespace gcm
	{
		constexpr int SaltLen{ 12 };

		inline srtp_err_status_t init(void* state, const uint8_t* key)
		{
			auto* cipher = Cipher::of(state);

			return status(
			  EVP_CipherInit_ex(cipher->context, cipher->kind, nullptr, key, nullptr, /*encrypts*/ 1) == 1);
		}

		inline srtp_err_status_t set_iv(void* state, uint8_t* iv, srtp_cipher_direction_t direction)
		{
			return status(
			  EVP_CipherInit_ex(
			    Cipher::of(state)->context,
			    nullptr,
			    nullptr,
			    nullptr,
			    iv,
			    direction == srtp_direction_encrypt ? 1 : 0) == 1);
		}

		inline srtp_err_status_t set_aad(void* state, const uint8_t* aad, uint32_t len)
		{
			int unused;

			return status(
			  EVP_CipherUpdate(Cipher::of(state)->context, nullptr, &unused, aad, static_cast<int>(len)) == 1);
		}

		inline srtp_err_status_t encrypt(void* state, uint8_t* buffer, unsigned int* len)
		{
			auto* context = Cipher::of(state)->context;
			int written{ 0 };
			int rest{ 0 };

			return status(
			  EVP_CipherUpdate(context, buffer, &written, buffer, static_cast<int>(*len)) == 1 &&
			  EVP_CipherFinal_ex(context, buffer + written, &rest) == 1);
		}

		inline srtp_err_status_t get_tag(void* state, uint8_t* tag, uint32_t* len)
		{
			auto* cipher = Cipher::of(state);

			*len = static_cast<uint32_t>(cipher->tagLen);

			return status(EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_GET_TAG, cipher->tagLen, tag) == 1);
		}

		// The tag follows what is decrypted.
		inline srtp_err_status_t decrypt(void* state, uint8_t* buffer, unsigned int* len)
		{
			auto* cipher     = Cipher::of(state);
			const int bodyLen = static_cast<int>(*len) - cipher->tagLen;
			int written{ 0 };
			int rest{ 0 };

			if (bodyLen < 0)
			{
				return srtp_err_status_bad_param;
			}

			if (
			  EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_SET_TAG, cipher->tagLen, buffer + bodyLen) != 1 ||
			  EVP_CipherUpdate(cipher->context, buffer, &written, buffer, bodyLen) != 1)
			{
				return srtp_err_status_cipher_fail;
			}

			if (EVP_CipherFinal_ex(cipher->context, buffer + written, &rest) != 1)
			{
				return srtp_err_status_auth_fail;
			}

			*len = static_cast<unsigned int>(bodyLen);

			return srtp_err_status_ok;
		}
	} // namespace gcm

	// AES in integer counter mode (RFC 3711 4.1.1).
	namespace icm
	{
		constexpr int SaltLen{ 14 };

		inline srtp_err_status_t init(void* state, const uint8_t* key)
		{
			auto* cipher = Cipher::of(state);

			std::memcpy(cipher->salt, key + EVP_CIPHER_key_length(cipher->kind), SaltLen);

			return status(EVP_EncryptInit_ex(cipher->context, cipher->kind, nullptr, key, nullptr) == 1);
		}

		inline srtp_err_status_t set_iv(void* state, uint8_t* iv, srtp_cipher_direction_t /*direction*/)
		{
			auto* cipher = Cipher::of(state);
			uint8_t counter[16];

			for (size_t i{ 0 }; i < sizeof(counter); ++i)
			{
				counter[i] = cipher->salt[i] ^ iv[i];
			}

			return status(EVP_EncryptInit_ex(cipher->context, nullptr, nullptr, nullptr, counter) == 1);
		}

		// Also decrypts.
		inline srtp_err_status_t encrypt(void* state, uint8_t* buffer, unsigned int* len)
		{
			int written{ 0 };

			return status(
			  EVP_EncryptUpdate(
			    Cipher::of(state)->context, buffer, &written, buffer, static_cast<int>(*len)) == 1);
		}
	} // namespace icm

	// HMAC-SHA1 (RFC 2104), the key of which is hashed once.
	namespace hmac
	{
		constexpr int MaxLen{ SHA_DIGEST_LENGTH };

		struct Auth
		{
			srtp_auth_t base{};
			SHA_CTX inner{};
			SHA_CTX outer{};
			SHA_CTX current{};

			~Auth()
			{
				OPENSSL_cleanse(&this->inner, sizeof(SHA_CTX));
				OPENSSL_cleanse(&this->outer, sizeof(SHA_CTX));
			}

			static Auth* of(void* state)
			{
				return static_cast<Auth*>(state);
			}
		};

		srtp_err_status_t alloc(srtp_auth_pointer_t* auth, int keyLen, int outLen);

		inline srtp_err_status_t dealloc(srtp_auth_pointer_t auth)
		{
			delete Auth::of(auth->state);

			return srtp_err_status_ok;
		}

		inline srtp_err_status_t init(void* state, const uint8_t* key, int keyLen)
		{
			auto* auth = Auth::of(state);
			uint8_t inner[SHA_CBLOCK];
			uint8_t outer[SHA_CBLOCK];

			for (int i{ 0 }; i < SHA_CBLOCK; ++i)
			{
				const uint8_t byte = i < keyLen ? key[i] : 0;

				inner[i] = byte ^ 0x36;
				outer[i] = byte ^ 0x5c;
			}

			const bool ok = SHA1_Init(&auth->inner) == 1 && SHA1_Update(&auth->inner, inner, sizeof(inner)) == 1 &&
			                SHA1_Init(&auth->outer) == 1 && SHA1_Update(&auth->outer, outer, sizeof(outer)) == 1;

			OPENSSL_cleanse(inner, sizeof(inner));
			OPENSSL_cleanse(outer, sizeof(outer));
			auth->current = auth->inner;

			return status(ok);
		}

		inline srtp_err_status_t start(void* state)
		{
			Auth::of(state)->current = Auth::of(state)->inner;

			return srtp_err_status_ok;
		}

		inline srtp_err_status_t update(void* state, const uint8_t* data, int len)
		{
			return status(SHA1_Update(&Auth::of(state)->current, data, static_cast<size_t>(len)) == 1);
		}

		inline srtp_err_status_t compute(void* state, const uint8_t* data, int len, int tagLen, uint8_t* tag)
		{
			auto* auth    = Auth::of(state);
			SHA_CTX outer = auth->outer;
			uint8_t digest[SHA_DIGEST_LENGTH];

			if (tagLen > MaxLen)
			{
				return srtp_err_status_bad_param;
			}

			const bool ok = SHA1_Update(&auth->current, data, static_cast<size_t>(len)) == 1 &&
			                SHA1_Final(digest, &auth->current) == 1 &&
			                SHA1_Update(&outer, digest, sizeof(digest)) == 1 && SHA1_Final(digest, &outer) == 1;

			std::memcpy(tag, digest, static_cast<size_t>(tagLen));
			auth->current = auth->inner;

			return status(ok);
		}
	} // namespace hmac

	srtp_err_status_t alloc_gcm_128(srtp_cipher_pointer_t* cipher, int keyLen, int tagLen);
	srtp_err_status_t alloc_gcm_256(srtp_cipher_pointer_t* cipher, int keyLen, int tagLen);
	srtp_err_status_t alloc_icm_128(srtp_cipher_pointer_t* cipher, int keyLen, int tagLen);
	srtp_err_status_t alloc_icm_256(srtp_cipher_pointer_t* cipher, int keyLen, int tagLen);

	// libsrtp keeps the address of these.
	inline const srtp_cipher_type_t Gcm128{ alloc_gcm_128, dealloc,      gcm::init,
		                                      gcm::set_aad,  gcm::encrypt, gcm::decrypt,
		                                      gcm::set_iv,   gcm::get_tag, "AES-128 GCM by OpenSSL",
		                                      srtp_aes_gcm_128.test_data, SRTP_AES_GCM_128 };
	inline const srtp_cipher_type_t Gcm256{ alloc_gcm_256, dealloc,      gcm::init,
		                                      gcm::set_aad,  gcm::encrypt, gcm::decrypt,
		                                      gcm::set_iv,   gcm::get_tag, "AES-256 GCM by OpenSSL",
		                                      srtp_aes_gcm_256.test_data, SRTP_AES_GCM_256 };
	inline const srtp_cipher_type_t Icm128{ alloc_icm_128, dealloc,      icm::init,
		                                      nullptr,       icm::encrypt, icm::encrypt,
		                                      icm::set_iv,   nullptr,      "AES-128 ICM by OpenSSL",
		                                      srtp_aes_icm_128.test_data, SRTP_AES_ICM_128 };
	inline const srtp_cipher_type_t Icm256{ alloc_icm_256, dealloc,      icm::init,
		                                      nullptr,       icm::encrypt, icm::encrypt,
		                                      icm::set_iv,   nullptr,      "AES-256 ICM by OpenSSL",
		                                      srtp_aes_icm_256.test_data, SRTP_AES_ICM_256 };
	inline const srtp_auth_type_t Hmac{ hmac::alloc,  hmac::dealloc, hmac::init,
		                                  hmac::compute, hmac::update, hmac::start,
		                                  "HMAC-SHA1 by OpenSSL", srtp_hmac.test_data, SRTP_HMAC_SHA1 };

	inline srtp_err_status_t alloc_gcm_128(srtp_cipher_pointer_t* cipher, int keyLen, int tagLen)
	{
		return alloc(cipher, &Gcm128, EVP_aes_128_gcm(), gcm::SaltLen, keyLen, tagLen);
	}

	inline srtp_err_status_t alloc_gcm_256(srtp_cipher_pointer_t* cipher, int keyLen, int tagLen)
	{
		return alloc(cipher, &Gcm256, EVP_aes_256_gcm(), gcm::SaltLen, keyLen, tagLen);
	}

	inline srtp_err_status_t alloc_icm_128(srtp_cipher_pointer_t* cipher, int keyLen, int tagLen)
	{
		return alloc(cipher, &Icm128, EVP_aes_128_ctr(), icm::SaltLen, keyLen, tagLen);
	}

	inline srtp_err_status_t alloc_icm_256(srtp_cipher_pointer_t* cipher, int keyLen, int tagLen)
	{
		return alloc(cipher, &Icm256, EVP_aes_256_ctr(), icm::SaltLen, keyLen, tagLen);
	}

	inline srtp_err_status_t hmac::alloc(srtp_auth_pointer_t* auth, int keyLen, int outLen)
	{
		if (keyLen > MaxLen || outLen > MaxLen)
		{
			return srtp_err_status_bad_param;
		}

		auto* made = new Auth();

		made->base.type    = &Hmac;
		made->base.state   = made;
		made->base.key_len = keyLen;
		made->base.out_len = outLen;
		*auth              = &made->base;

		return srtp_err_status_ok;
	}

	// After srtp_init(): sessions that are made from now on use these.
	inline srtp_err_status_t replace()
	{
		for (const auto* type : { &Gcm128, &Gcm256, &Icm128, &Icm256 })
		{
			const srtp_err_status_t err = srtp_replace_cipher_type(type, type->id);

			if (err != srtp_err_status_ok)
			{
				return err;
			}
		}

		return srtp_replace_auth_type(&Hmac, Hmac.id);
	}
} // namespace srtp_openssl
