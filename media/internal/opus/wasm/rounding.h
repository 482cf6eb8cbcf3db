// Rounding as one instruction: the C library's lrintf is a call. Both round to the nearest, ties to even.
#include <math.h>
#define lrintf(x) ((long)__builtin_rintf(x))
#define lrint(x) ((long)__builtin_rint(x))
