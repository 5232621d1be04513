/* What the tests of the portable C share. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Names the current test in messages. */
extern const char *test_name;

/** Ends the program with a message if `passed` is false. */
void check(bool passed, const char *condition, const char *file, int line);

/** Number of calls of check(). */
extern unsigned long checks;

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)

/** Allocates exactly `bytes` bytes, so that AddressSanitizer reports any access outside them. */
uint8_t *allocate(size_t bytes);

bool same(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes);

/** Returns a pseudo-random number below `limit`; every run gets the same ones. */
uint32_t random_below(uint32_t limit);

void test_frame_queue(void);
void test_crc(void);
void test_requests(void);
void test_byte_ring(void);

#endif
