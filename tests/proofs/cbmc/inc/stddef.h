/* The stand-in headers of a machine without a libc: int of 16 bits, or 32 bits and big-endian. */
#define NULL ((void *)0)
typedef __CPROVER_size_t size_t;
