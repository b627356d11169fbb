typedef signed char        int8_t;
typedef unsigned char      uint8_t;
typedef short              int16_t;
typedef unsigned short     uint16_t;
typedef long long          int64_t;
typedef unsigned long long uint64_t;
typedef __CPROVER_size_t   uintptr_t;
#if MODEL_INT == 2
typedef long               int32_t;
typedef unsigned long      uint32_t;
#define INT32_C(n)  n##L
#define UINT32_C(n) n##UL
#else
typedef int                int32_t;
typedef unsigned int       uint32_t;
#define INT32_C(n)  n
#define UINT32_C(n) n##U
#endif
#define INT64_C(n)  n##LL
#define UINT64_C(n) n##ULL
#define UINT8_MAX   255
#define INT32_MAX   INT32_C(2147483647)
#define UINT32_MAX  UINT32_C(4294967295)
#define INT64_MAX   INT64_C(9223372036854775807)
#define INT64_MIN   (-INT64_MAX - 1)
#define SIZE_MAX    4294967295u         /* size_t has 32 bits in both models */
