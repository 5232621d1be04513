/* Tests of exact frames and times of link.c, with windows of 4 and packets of 64 bytes. */
#ifndef UNIT_H
#define UNIT_H

#include <stddef.h>
#include <stdint.h>

#include "link.h"

/** Bytes and their number. */
#define FRAME(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

extern link_t device;

/** Starts the device and begins a session with a window of 4, at 65,000 ms. */
void start_in_session(const char *name);
/** Gives the device a frame of the session. */
void give_in_session(const uint8_t *body, size_t body_bytes);
/** Takes the next frame, which must be this one of the session. */
void expect_in_session(const uint8_t *expected, size_t count);
void expect_nothing(void);
/** Sends a packet of one byte. */
void send(uint8_t byte);

void test_link(void);
void test_link_sending(void);
/** With LINK_IDLE_DELIMITERS. */
void test_link_idle(void);
/** With windows of 32. */
void test_link_wide(void);

#endif
