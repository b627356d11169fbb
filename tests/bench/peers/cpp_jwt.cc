// cpp-jwt: header only C++ over OpenSSL and nlohmann's JSON

#include <jwt/jwt.hpp>
extern "C" {
#include "../peer.h"
}

static std::string secret;

static bool set_up() { secret.assign(reinterpret_cast<const char *>(bench_secret), 32);  return true; }

static bool verify(const bench_token *t)
{
    using namespace jwt::params;
    std::error_code ec;
    auto obj = jwt::decode(jwt::string_view(t->token, t->token_len), algorithms({"HS256"}), ec,
                           jwt::params::secret(::secret), jwt::params::verify(true));
    return !ec && obj.payload().has_claim("sub");
}

static bool sign(const bench_token *t)
{
    using namespace jwt::params;
    std::error_code ec;
    jwt::jwt_object obj{algorithm("HS256"), jwt::params::secret(::secret)};
    for (size_t i = 0; i < t->claim_count; i++) {
        const bench_claim &c = t->claims[i];
        if (c.text != nullptr) obj.add_claim(c.name, std::string(c.text));
        else                   obj.add_claim(c.name, c.number);
    }
    return !obj.signature(ec).empty() && !ec;
}

extern "C" const bench_peer bench_peer_entry = {"cpp-jwt", set_up, verify, sign, nullptr};
