#!/usr/bin/env python3
"""make_ramp.py - writes ramp.h: SHA-256 and HMAC values that are not tokenauth's own.

    python3 make_ramp.py > ramp.h          python3 make_ramp.py --check

The digests come from Python's hashlib and hmac. Those of messages too long to hash in a test come
from the few lines of SHA-256 below, which must agree with hashlib first (FIPS 180-4; the constants
are computed from the primes, section 4.2.2, not copied).
"""
import hashlib
import hmac
import io
import math
import os
import sys

PRIMES = [p for p in range(2, 312) if all(p % d for d in range(2, p))]


def root_fraction(p, third):
    """The first 32 bits of the fraction of p's square or cube root."""
    n = p << (96 if third else 64)
    if not third:
        return math.isqrt(n) & 0xFFFFFFFF
    x = 1 << 40
    while True:                                     # Newton, in whole numbers
        y = (2 * x + n // (x * x)) // 3
        if y >= x:
            break
        x = y
    return x & 0xFFFFFFFF


K = [root_fraction(p, True) for p in PRIMES]
IV = [root_fraction(p, False) for p in PRIMES[:8]]


def rotr(x, n):
    return (x >> n | x << (32 - n)) & 0xFFFFFFFF


def compress(state, block):
    w = [int.from_bytes(block[4 * i:4 * i + 4], "big") for i in range(16)]
    for t in range(16, 64):
        s0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ w[t - 15] >> 3
        s1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ w[t - 2] >> 10
        w.append((w[t - 16] + s0 + w[t - 7] + s1) & 0xFFFFFFFF)
    a, b, c, d, e, f, g, h = state
    for t in range(64):
        t1 = (h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + (e & f ^ ~e & g) + K[t] + w[t])
        t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (t1 + t2) & 0xFFFFFFFF, a, b, c, (d + t1) & 0xFFFFFFFF, e, f, g
    return [(x + y) & 0xFFFFFFFF for x, y in zip(state, (a, b, c, d, e, f, g, h))]


def sha256_after(before, msg):
    """The digest if `before` bytes (a multiple of 64) had been hashed and had left the state as it
    is at the start. Only the length at the end tells such a digest from that of msg alone."""
    total = before + len(msg)
    msg += b"\x80" + bytes((55 - len(msg)) % 64) + (8 * total).to_bytes(8, "big")
    state = IV
    for i in range(0, len(msg), 64):
        state = compress(state, msg[i:i + 64])
    return b"".join(x.to_bytes(4, "big") for x in state)


def ramp(n):
    return bytes((7 * i + 3) & 255 for i in range(n))


# Totals in bytes where the length field's next byte, or bit 32 of the byte or bit count, comes in.
TOTALS = [1 << 29, (1 << 29) - 64, 1 << 32, (1 << 32) - 64, 1 << 37, 1 << 45, 1 << 53,
          (1 << 61) - 128, 0x0123456789ABCDC0]
LONG = [261, 511, 512, 513, 1000, 1023, 4096, 65537]


def c_bytes(b):
    return "{" + ",".join(str(x) for x in b) + "}"


def write(out):
    for n in range(150):
        assert sha256_after(0, ramp(n)) == hashlib.sha256(ramp(n)).digest()

    out.write("/* ramp.h - made by make_ramp.py from Python's hashlib and hmac; do not edit.\n"
              "   The ramp's byte i is (7 * i + 3) mod 256. */\n\n")
    out.write("#define RAMP_MAX 260\n\n")
    out.write("/* [n] is the SHA-256 of the ramp's first n bytes */\n")
    out.write("static const uint8_t ramp_digest[RAMP_MAX + 1][32] = {\n")
    out.write(",\n".join(c_bytes(hashlib.sha256(ramp(n)).digest()) for n in range(261)))
    out.write("\n};\n\n")
    out.write("static const struct { size_t n; uint8_t digest[32]; } ramp_long[] = {\n")
    out.write(",\n".join("{%d, %s}" % (n, c_bytes(hashlib.sha256(ramp(n)).digest()))
                         for n in LONG))
    out.write("\n};\n\n")
    out.write("/* `before` bytes hashed, the state as at the start, then the ramp's first n bytes */\n")
    out.write("static const struct { uint64_t before; size_t n; uint8_t digest[32]; } "
              "ramp_after[] = {\n")
    out.write(",\n".join("{UINT64_C(%d), %d, %s}" % (t, n, c_bytes(sha256_after(t, ramp(n))))
                         for t in TOTALS for n in (0, 1, 55, 56, 63)))
    out.write("\n};\n\n")
    chain = hashlib.sha256()
    for k in range(131):
        for m in range(131):
            chain.update(hmac.new(ramp(k), ramp(m), hashlib.sha256).digest())
    out.write("/* SHA-256 of the HMACs of all keys ramp[0..k), k = 0..130, and for each of them all\n"
              "   messages ramp[0..m), m = 0..130, one after the other */\n")
    out.write("static const uint8_t ramp_hmac_chain[32] =\n%s;\n\n" % c_bytes(chain.digest()))
    out.write("/* [k] is the HMAC under the key ramp[0..k) of the message ramp[0..150 - k) */\n")
    out.write("static const uint8_t ramp_hmac[131][32] = {\n")
    out.write(",\n".join(c_bytes(hmac.new(ramp(k), ramp(150 - k), hashlib.sha256).digest())
                         for k in range(131)))
    out.write("\n};\n")


if __name__ == "__main__":
    text = io.StringIO()
    write(text)
    if sys.argv[1:] == ["--check"]:
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ramp.h")) as f:
            if f.read() != text.getvalue():
                sys.exit("ramp.h is not what make_ramp.py makes")
    else:
        sys.stdout.write(text.getvalue())
