#pragma once

/// In front of a function whose loops gain from wide vectors: it is compiled once for AVX2 and once
/// for any host, and the program takes what the host can run when it starts. The result is the
/// same. Not under sanitizers: their run-time library is not ready when the choice is made, and the
/// program would crash before main().
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define UNNA_FOR_HOSTS __attribute__((target_clones("avx2", "default")))
#else
#define UNNA_FOR_HOSTS
#endif
