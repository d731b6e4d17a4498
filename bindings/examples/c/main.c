/* Three buffers, of which the first and the last are never in use together. */
#include <inttypes.h>
#include <stdio.h>
#include <unnasim.h>

int main(void) {
  unnasim_problem *problem = unnasim_problem_new();
  unnasim_add_buffer(problem, 4096, 64, 0, 2);
  unnasim_add_buffer(problem, 8192, 64, 1, 3);
  unnasim_add_buffer(problem, 4096, 64, 2, 4);

  unnasim_plan *plan = NULL;
  if (unnasim_make_plan(problem, NULL, &plan) != UNNASIM_OK) {
    fprintf(stderr, "%s\n", unnasim_error());
    return 1;
  }
  for (size_t i = 0; i < unnasim_plan_size(plan); ++i)
    printf("buffer %zu at %" PRId64 "\n", i, unnasim_plan_offsets(plan)[i]);
  printf("peak %" PRId64 ", bound %" PRId64 "%s\n", unnasim_plan_peak(plan), unnasim_plan_bound(plan),
         unnasim_plan_is_optimal(plan) ? ", optimal" : "");
  unnasim_plan_free(plan);

  const int64_t wrong[] = {0, 4000, 0};
  size_t violations = 0;
  unnasim_check(problem, wrong, 3, &violations);
  printf("%zu violations: %s\n", violations, unnasim_error());
  if (unnasim_keep_apart(problem, 0, 3) != UNNASIM_OK) printf("refused: %s\n", unnasim_error());
  unnasim_problem_free(problem);
  return 0;
}
