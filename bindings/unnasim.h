/* Memory planning for any language: a problem in, offsets and a certificate out.
 *
 * A problem is a list of buffers (index 0, 1, ... in the order in which they are added) and what
 * must not share bytes: buffers whose lifetimes overlap, or that nothing orders, or that are kept
 * apart. A plan gives each buffer an offset. Sizes and offsets are bytes, times are any integers.
 *
 * Functions that return int return UNNASIM_OK or what went wrong, functions that return a pointer
 * return NULL then; unnasim_error() says why, for the calling thread. Objects may be used by one
 * thread at a time. The functions keep their meaning as long as UNNASIM_ABI stays the same; later
 * versions only add to them. Where a struct may grow, its first field says its size. */
#ifndef UNNASIM_H
#define UNNASIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UNNASIM_ABI 1

enum {
  UNNASIM_OK = 0,
  UNNASIM_BAD_INPUT = 2, /* the problem or an argument makes no sense */
  UNNASIM_TOO_LARGE = 3, /* no plan within the capacity was found */
  UNNASIM_BUG = 70       /* a fault of this library */
};

typedef struct unnasim_problem unnasim_problem;
typedef struct unnasim_plan unnasim_plan;

/* The ABI and the version of the library that is loaded. */
int unnasim_abi(void);
const char* unnasim_version(void);

/* Why the last call of this thread failed: one line, good until its next call. */
const char* unnasim_error(void);

unnasim_problem* unnasim_problem_new(void);
void unnasim_problem_free(unnasim_problem* problem);

/* Adds a buffer of `size` bytes, more than 0, at a multiple of `alignment`, that is in use at every
 * time t with lower <= t < upper. Problems with edges ignore the times. */
int unnasim_add_buffer(unnasim_problem* problem, int64_t size, int64_t alignment, int64_t lower,
                       int64_t upper);
/* Every use of `first` ends before any use of `second` begins. With one edge or more, edges and
 * what follows from them say which buffers may share bytes, and times say nothing. */
int unnasim_add_edge(unnasim_problem* problem, uint32_t first, uint32_t second);
/* The two never share bytes, whatever their lifetimes. */
int unnasim_keep_apart(unnasim_problem* problem, uint32_t a, uint32_t b);
/* `second`, not the larger one, may take over the bytes of `first` though both are in use at once.
 */
int unnasim_in_place(unnasim_problem* problem, uint32_t first, uint32_t second);
/* The two had better share no byte: where they do, it costs `weight`, 0 to 2^60 (all of them
 * together, too), however many bytes they share. With such pairs a plan is chosen by its peak (with
 * a capacity: by fitting it), then by what it costs. A pair that is given several times costs the
 * sum. */
int unnasim_avoid(unnasim_problem* problem, uint32_t a, uint32_t b, int64_t weight);
/* The buffer must lie exactly there. */
int unnasim_fix(unnasim_problem* problem, uint32_t buffer, int64_t offset);
/* No buffer may use bytes begin to end - 1. */
int unnasim_reserve(unnasim_problem* problem, int64_t begin, int64_t end);
/* Bytes that there are; without it, as many as needed. */
int unnasim_set_capacity(unnasim_problem* problem, int64_t bytes);

typedef struct unnasim_options {
  size_t size;         /* sizeof(unnasim_options) */
  const char* planner; /* NULL: "auto"; `unnasim plan --list` shows all */
  double time_limit;   /* seconds; 0: as long as the search takes, the same plan on every host */
  uint64_t seed;
  int threads; /* of planners that search */
} unnasim_options;

/* Plans and checks; `options` may be NULL. A plan above the capacity is UNNASIM_TOO_LARGE. */
int unnasim_make_plan(const unnasim_problem* problem, const unnasim_options* options,
                      unnasim_plan** plan);
void unnasim_plan_free(unnasim_plan* plan);

size_t unnasim_plan_size(const unnasim_plan* plan);            /* buffers */
const int64_t* unnasim_plan_offsets(const unnasim_plan* plan); /* by buffer */
int64_t unnasim_plan_peak(const unnasim_plan* plan);           /* highest end of a buffer */

/* The certificate: no plan has a smaller peak than the bound, and a plan that meets it is optimal.
 * Where the bound is that of the problem rather than of a search, these buffers make it: no two of
 * them may share bytes. */
int64_t unnasim_plan_bound(const unnasim_plan* plan);
int unnasim_plan_is_optimal(const unnasim_plan* plan);
size_t unnasim_plan_bound_size(const unnasim_plan* plan);
const uint32_t* unnasim_plan_bound_buffers(const unnasim_plan* plan);

/* What the pairs of unnasim_avoid() that share bytes cost, and a bound: no plan up to the same peak
 * (or capacity) costs less. */
int64_t unnasim_plan_waits(const unnasim_plan* plan);
int64_t unnasim_plan_waits_bound(const unnasim_plan* plan);

/* Holds anybody's offsets, one a buffer, against the problem, without code of the planners. Sets
 * *violations to how many were found, the first of which unnasim_error() names. */
int unnasim_check(const unnasim_problem* problem, const int64_t* offsets, size_t count,
                  size_t* violations);

#ifdef __cplusplus
}
#endif

#endif
