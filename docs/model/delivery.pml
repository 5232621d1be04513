/*
 * Acknowledged delivery, as docs/wire.md describes it: the handshake, the session and the packets of one direction, over a
 * line that keeps its order and may lose any frame. A damaged frame is a lost frame: its CRC does not match. Either end may
 * restart at any moment. README.md says what is checked and how to run it.
 *
 * There are two forms. Safety (the default): an end may open, resend, poll and acknowledge at any moment, so that the result
 * holds for every timer and for every rule about when to resend. LIVE: frames are answered as the rules say, timers run out
 * only while the line is empty, and the number of faults is bounded. Every run must then come to its end.
 *
 * Macros:
 *   FROM_DEVICE     packets go from the answerer to the opener; otherwise from the opener to the answerer
 *   PACKETS, SPACE  packets in a run, size of the sequence space; the window is 2
 *   LINE            frames on the line, each way
 *   FAULTS          LIVE only: lost frames and restarts in a run
 *   DUPLICATE       the line may deliver a frame any number of times, one directly after the other
 *   REPLAY          the line may record that number of frames, 1 or 2, and deliver each of them again at any later moment, any number of times
 *   COUNTER         the answerer has a start counter; otherwise D is 0
 *   D_PER_START     D is the start counter alone; otherwise it changes with each new H, too
 * Mistakes, each of which must be found:
 *   NO_NUMBER           H is the same in every OPEN
 *   EARLY_ACK           acknowledges what has been received, before the application takes it
 *   COUNTER_REPEATS     the start counter has the same value at each start
 *   NO_POLL             LIVE only: the opener polls once when its session begins, and never again
 *   SPACE=3
 */
#ifndef PACKETS
#define PACKETS 5
#endif
#ifndef SPACE
#define SPACE 4
#endif
#ifndef LINE
#define LINE 2
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#define WINDOW 2
#define NONE 255 /* no packet in this place of the receive window */

/* Kinds of frames. POLL is an ACK with the flag. */
#define OPEN 1
#define STATUS 2
#define NO_SESSION 3
#define DATA 4
#define ACK 5
#define POLL 6

/* Kind; H and D, which are the key of the session; then number and packet of DATA, or next and held of ACK and POLL. */
chan toDevice = [LINE] of { byte, byte, byte, byte, byte };
chan toHost = [LINE] of { byte, byte, byte, byte, byte };

/* The opener. H of its latest OPEN, which is that of its session; 0 after a start. */
bool inSession;
byte hostH, hostD;

/* The answerer: its session and its candidate. H is 0 if there is none. */
byte deviceH, deviceD, candidateH, candidateD;
byte startD; /* the start counter */

/* The sender of packets: the number of the oldest unacknowledged one, how many there are, which of them are held. */
byte oldest, unacked, held;
byte issued; /* packets numbered in this run: a packet is known by its place in the run */

/* The receiver of packets: the next one that its application has not taken, and what it has received from there on. */
byte next;
byte window[WINDOW] = NONE;

/* The packets before `first` are decided: taken, or rejected. Nothing from `first` on has been taken. */
byte first;
#ifdef EARLY_ACK
byte rejected; /* one bit for each packet */
#endif

/* ------------------------------------------------------------------------------------------------------ the line */

#define BIT(n) (1 << (n))
#define AHEAD(n, base) (((n) + SPACE - (base)) % SPACE)

#ifdef LIVE
byte faults = FAULTS;
#define MAY_FAIL (faults > 0)
#define FAIL faults--
/* The two ends' timers run out in turn, so that neither keeps the other from its own. */
#define QUIET (empty(toDevice) && empty(toHost))
#define HOST_TIMER (QUIET && !MORE && (turn == 0 || !DEVICE_WAITS))
#define DEVICE_TIMER (QUIET && !MORE && turn == 1)
#define NEXT_TURN turn = 1 - turn
#define ANSWER(condition, answer) if :: condition -> answer :: else fi
bit turn;
#else
#define MAY_FAIL true
#define FAIL skip
#define HOST_TIMER true
#define DEVICE_TIMER true
#define NEXT_TURN skip
#define ANSWER(condition, answer) skip
#endif

#ifdef DUPLICATE
#define TAKE_FRAME(line) if :: line?kind, h, d, x, y :: line?<kind, h, d, x, y> fi
#else
#define TAKE_FRAME(line) line?kind, h, d, x, y
#endif
#define FORGET kind = 0; h = 0; d = 0; x = 0; y = 0

#ifdef REPLAY
typedef Record { byte kind; byte h; byte d; byte x; byte y; bool fromDevice };
Record record[REPLAY];
byte recorded;

inline mayRecord(line, kind_, h_, d_, x_, y_) {
  if
  :: recorded < REPLAY ->
    record[recorded].kind = kind_; record[recorded].h = h_; record[recorded].d = d_;
    record[recorded].x = x_; record[recorded].y = y_;
    record[recorded].fromDevice = (line == toHost);
    recorded++
  :: true
  fi
}

#define RECORDED_H(n) (record[0].h == n || record[REPLAY - 1].h == n)
#define RECORDED_D(n) (record[0].d == n || record[REPLAY - 1].d == n)
#else
#define mayRecord(line, kind_, h_, d_, x_, y_) skip
#define RECORDED_H(n) false
#define RECORDED_D(n) false
#endif

/*
 * In the safety form, a frame that its receiver can never accept is taken off the line at once: an end never returns to the H
 * of a session that it has left, unless the line repeats its OPEN, and never to an H with the same D, if D is new each time.
 * All that such a frame could cause is a NO_SESSION, and the answerer without a session sends that at any moment.
 * This leaves far fewer states. KEEP_ALL turns it off.
 */
#if defined(KEEP_ALL) || defined(LIVE) || defined(NO_NUMBER)
#define CAN_MATTER(line, kind_, h_, d_) true
#define tidy() skip
#else
#define CAN_MATTER(line, kind_, h_, d_)                                                                                \
  (kind_ == OPEN || kind_ == NO_SESSION || (line == toHost && h_ == hostH) || (line == toDevice && MAY_ENTER(h_, d_)))
#if defined(COUNTER) && !defined(COUNTER_REPEATS) && !defined(D_PER_START)
#define MAY_ENTER(h_, d_) ((h_ == deviceH && d_ == deviceD) || (h_ == candidateH && d_ == candidateD))
#else
#define MAY_ENTER(h_, d_)                                                                                              \
  (h_ == deviceH || h_ == candidateH || toDevice??[OPEN, eval(h_), _, _, _] || RECORDED_H(h_))
#endif
hidden byte count, kind0, h0, d0, x0, y0;

inline keepWhatMatters(line) {
  count = len(line);
  do
  :: count > 0 ->
    line?kind0, h0, d0, x0, y0;
    if
    :: CAN_MATTER(line, kind0, h0, d0) -> line!kind0, h0, d0, x0, y0
    :: else
    fi;
    count--
  :: else -> break
  od
}

#ifdef REPLAY
inline wipe(i) {
  record[i].kind = 0; record[i].h = 0; record[i].d = 0; record[i].x = 0; record[i].y = 0; record[i].fromDevice = false
}

/* The same for a recorded frame. */
#define LEFT_HOST(i) (record[i].fromDevice && record[i].kind != NO_SESSION && record[i].h != hostH)
#define OF_HOST(i) (record[i].h == hostH && record[i].d == hostD)
#define LEFT_DEVICE(i)                                                                                                 \
  (!record[i].fromDevice && record[i].kind > NO_SESSION && !OF_HOST(i) && !MAY_ENTER(record[i].h, record[i].d))

inline forget(i) {
  if
  :: LEFT_HOST(i) || LEFT_DEVICE(i) -> wipe(i)
  :: else
  fi
}
#endif

inline tidy() {
  keepWhatMatters(toHost);
  keepWhatMatters(toDevice);
#ifdef REPLAY
  forget(0);
  forget(REPLAY - 1);
#endif
  if
  :: candidateH != 0 && candidateH != hostH && !toDevice??[_, eval(candidateH), _, _, _] && !RECORDED_H(candidateH) ->
    candidateH = 0;
    candidateD = 0
  :: else
  fi
}
#endif

/* Puts a frame on the line, or loses it. */
inline put(line, kind_, h_, d_, x_, y_) {
  mayRecord(line, kind_, h_, d_, x_, y_);
  if
  :: nfull(line) && CAN_MATTER(line, kind_, h_, d_) -> line!kind_, h_, d_, x_, y_
  :: MAY_FAIL -> FAIL
#ifdef LIVE
  :: full(line) -> assert(false) /* LINE must be large enough. */
#endif
  fi
}

/* The smallest number that is nowhere any more stands for a random one: nothing can tell it from one that was never used. */
byte fresh;

#define H_ON_LINE(n) (toDevice??[_, eval(n), _, _, _] || toHost??[_, eval(n), _, _, _])
#define D_ON_LINE(n) (toDevice??[_, _, eval(n), _, _] || toHost??[_, _, eval(n), _, _])

inline freshH(result) {
  fresh = 1;
#ifndef NO_NUMBER
  do
  :: H_ON_LINE(fresh) || deviceH == fresh || candidateH == fresh || RECORDED_H(fresh) -> fresh++
  :: else -> break
  od;
#endif
  result = fresh;
  fresh = 0
}

/* D of a start, and of the answer to a new H. */
inline freshD(result) {
#ifdef COUNTER
  fresh = 1;
#ifndef COUNTER_REPEATS
  do
  :: D_ON_LINE(fresh) || hostD == fresh || deviceD == fresh || startD == fresh || RECORDED_D(fresh) -> fresh++
  :: else -> break
  od;
#endif
  result = fresh;
  fresh = 0
#else
  result = 0
#endif
}

/* ----------------------------------------------------------------------------------- the packets, at their two ends */

/* Numbers a packet and sends it. */
inline sendNew(line, h_, d_) {
  issued++;
  unacked++;
  put(line, DATA, h_, d_, (oldest + unacked - 1) % SPACE, issued - 1)
}

/* Sends the packet i places after the oldest once more. */
#define AGAIN(i) (unacked > i && !(held & BIT(i)))
#define sendAgain(line, h_, d_, i) put(line, DATA, h_, d_, (oldest + i) % SPACE, issued - unacked + i)

/* The session ends at the sender: what has not been acknowledged rejects. */
inline senderEnds() {
  do
  :: unacked > 0 ->
#ifdef EARLY_ACK
    rejected = rejected | BIT(issued - unacked);
#endif
    unacked--
  :: else -> break
  od;
  oldest = 0;
  held = 0
}

inline acknowledged(next_, held_) {
  if
  :: AHEAD(next_, oldest) <= unacked ->
    do
    :: oldest != next_ ->
#ifndef EARLY_ACK
      assert(issued - unacked < first); /* What resolves has been taken. */
#endif
      oldest = (oldest + 1) % SPACE;
      unacked--
    :: else -> break
    od;
    held = held_ & (BIT(unacked) - 1)
  :: else -> /* Impossible on a line that repeats nothing. */
#ifndef REPLAY
    assert(false)
#else
    skip
#endif
  fi
}

inline received(number, packet) {
  if
  :: AHEAD(number, next) < WINDOW -> window[AHEAD(number, next)] = packet
  :: else
  fi
}

/* The application takes the next packet. */
inline take() {
  assert(window[0] >= first); /* Once and in order. */
  assert(window[0] == first || window[0] <= issued - unacked); /* What was left out is decided, so it has rejected. */
  first = window[0] + 1;
  window[0] = window[1];
  window[1] = NONE;
  next = (next + 1) % SPACE
}

/* The session ends at the receiver: what its application has not taken is dropped. */
inline receiverEnds() {
#ifdef EARLY_ACK
  assert(window[0] == NONE || window[0] >= issued - unacked || rejected & BIT(window[0])); /* It has not resolved. */
#endif
  window[0] = NONE;
  window[1] = NONE;
  next = 0
}

#ifdef EARLY_ACK
#define NEXT ((next + (window[0] != NONE) + (window[0] != NONE && window[1] != NONE)) % SPACE)
#define HELD 0
#else
#define NEXT next
#define HELD ((window[0] != NONE) + 2 * (window[1] != NONE))
#endif

#define ALL_DONE (issued == PACKETS && unacked == 0)

/* The timer of the device runs; a packet can be sent for the first time. */
#define ROOM (unacked < WINDOW && issued < PACKETS)
#ifdef FROM_DEVICE
#define DEVICE_WAITS (deviceH != 0 && unacked > 0)
#define MORE (deviceH != 0 && ROOM)
#else
#define DEVICE_WAITS false
#define MORE (inSession && ROOM)
#endif

/* What is in the frames of an end beside its packets: only the receiver has something to acknowledge. */
#ifdef FROM_DEVICE
#define hostAck(kind_) put(toDevice, kind_, hostH, hostD, NEXT, HELD)
#define deviceAck(kind_) put(toHost, kind_, deviceH, deviceD, 0, 0)
#define hostEnds receiverEnds
#define deviceEnds senderEnds
#else
#define hostAck(kind_) put(toDevice, kind_, hostH, hostD, 0, 0)
#define deviceAck(kind_) put(toHost, kind_, deviceH, deviceD, NEXT, HELD)
#define hostEnds senderEnds
#define deviceEnds receiverEnds
#endif

/* A frame of the session has arrived: kind, x and y. */
#ifdef FROM_DEVICE
#define hostReads() if :: kind == DATA -> received(x, y) :: else fi
#define deviceReads() if :: kind != DATA -> acknowledged(x, y) :: else fi
#else
#define hostReads() if :: kind != DATA -> acknowledged(x, y) :: else fi
#define deviceReads() if :: kind == DATA -> received(x, y) :: else fi
#endif

/* ------------------------------------------------------------------------------------------------------ the opener */

inline leave() {
  hostEnds();
  inSession = false;
  hostH = 0;
  hostD = 0;
  tidy()
}

#define HOST_IS_IDLE !(AGAIN(0) || AGAIN(1))

active proctype Opener() {
  byte kind, h, d, x, y;
  do
  :: atomic { /* A frame arrives. */
    nempty(toHost) ->
    TAKE_FRAME(toHost);
    if
    :: kind == STATUS && !inSession && h == hostH ->
      inSession = true;
      hostD = d;
      ANSWER(true, hostAck(POLL))
    :: kind == NO_SESSION && inSession && (d == 0 || d != hostD) -> leave()
    :: kind > NO_SESSION && inSession && h == hostH && d == hostD ->
      hostReads();
      ANSWER(kind != ACK, hostAck(ACK))
    :: else
    fi;
    FORGET
  }
  :: atomic { /* Opens, for the first time or again. */
    !inSession && HOST_TIMER && !ALL_DONE ->
    NEXT_TURN;
    freshH(hostH);
    tidy();
    put(toDevice, OPEN, hostH, 0, 0, 0)
  }
#if defined(LIVE) && !defined(NO_POLL) && !defined(FROM_DEVICE)
  :: atomic { inSession && HOST_TIMER && HOST_IS_IDLE && !ALL_DONE -> NEXT_TURN; hostAck(POLL) }
#elif defined(LIVE) && !defined(NO_POLL)
  :: atomic { inSession && HOST_TIMER && !ALL_DONE -> NEXT_TURN; hostAck(POLL) }
#elif !defined(LIVE)
  :: atomic { inSession -> hostAck(ACK) }
#endif
#ifndef FROM_DEVICE
  :: atomic { inSession && ROOM -> sendNew(toDevice, hostH, hostD) }
  :: atomic { inSession && HOST_TIMER && AGAIN(0) -> NEXT_TURN; sendAgain(toDevice, hostH, hostD, 0) }
  :: atomic { inSession && HOST_TIMER && AGAIN(1) -> NEXT_TURN; sendAgain(toDevice, hostH, hostD, 1) }
#endif
  :: atomic { /* Restarts, or gives up: ACK_TIMEOUT. */
    MAY_FAIL && hostH != 0 && !ALL_DONE ->
    FAIL;
    leave()
  }
#ifdef LIVE
  :: ALL_DONE && QUIET && window[0] == NONE -> break
#endif
  od
}

/* ---------------------------------------------------------------------------------------------------- the answerer */

/* OPEN would lead to the session that there is. */
#ifdef D_PER_START
#define SAME_D (deviceD == startD)
#else
#define SAME_D (deviceD == 0)
#endif
#define IN(kind_, h_, d_) (kind_ > NO_SESSION && h_ != 0 && h == h_ && d == d_)

active proctype Answerer() {
  byte kind, h, d, x, y;
#ifdef COUNTER
  startD = 1;
#endif
  do
  :: atomic { /* A frame arrives. */
    nempty(toDevice) ->
    TAKE_FRAME(toDevice);
    if
#ifndef NO_NUMBER
    :: kind == OPEN && h == candidateH -> put(toHost, STATUS, h, candidateD, 0, 0)
    :: kind == OPEN && h != candidateH && h == deviceH && SAME_D -> put(toHost, STATUS, h, deviceD, 0, 0)
    :: kind == OPEN && h != candidateH && !(h == deviceH && SAME_D) ->
#else
    :: kind == OPEN ->
#endif
      candidateH = h;
#ifdef D_PER_START
      candidateD = startD;
#else
      freshD(candidateD);
#endif
      tidy();
      put(toHost, STATUS, h, candidateD, 0, 0)
    :: IN(kind, candidateH, candidateD) -> /* The first frame in the new session ends the old one. */
      deviceEnds();
      deviceH = h;
      deviceD = d;
      candidateH = 0;
      candidateD = 0;
      tidy();
      deviceReads();
      ANSWER(kind != ACK, deviceAck(ACK))
    :: IN(kind, deviceH, deviceD) && !IN(kind, candidateH, candidateD) ->
      deviceReads();
      ANSWER(kind != ACK, deviceAck(ACK))
    :: kind > NO_SESSION && deviceH == 0 && candidateH == 0 -> put(toHost, NO_SESSION, 0, startD, 0, 0)
#ifdef COUNTER
    :: kind > NO_SESSION && deviceH == 0 && candidateH != 0 && !IN(kind, candidateH, candidateD) ->
      put(toHost, NO_SESSION, 0, candidateD, 0, 0)
#endif
    :: else
    fi;
    FORGET
  }
#ifndef LIVE
  :: atomic { deviceH != 0 -> deviceAck(ACK) }
  :: atomic { deviceH == 0 && candidateH == 0 -> put(toHost, NO_SESSION, 0, startD, 0, 0) }
#ifdef COUNTER
  :: atomic { deviceH == 0 && candidateH != 0 -> put(toHost, NO_SESSION, 0, candidateD, 0, 0) }
#endif
#endif
#ifdef FROM_DEVICE
  :: atomic { deviceH != 0 && ROOM -> sendNew(toHost, deviceH, deviceD) }
  :: atomic { deviceH != 0 && DEVICE_TIMER && AGAIN(0) -> NEXT_TURN; sendAgain(toHost, deviceH, deviceD, 0) }
  :: atomic { deviceH != 0 && DEVICE_TIMER && AGAIN(1) -> NEXT_TURN; sendAgain(toHost, deviceH, deviceD, 1) }
#ifdef LIVE
  :: atomic { deviceH != 0 && DEVICE_TIMER && unacked > 0 && !AGAIN(0) && !AGAIN(1) -> NEXT_TURN; deviceAck(POLL) }
#endif
#endif
  :: atomic { /* Restarts. */
    MAY_FAIL && (deviceH != 0 || candidateH != 0) && !ALL_DONE ->
    FAIL;
    deviceEnds();
    deviceH = 0;
    deviceD = 0;
    candidateH = 0;
    candidateD = 0;
    freshD(startD);
    tidy();
    put(toHost, NO_SESSION, 0, startD, 0, 0)
  }
#ifdef LIVE
  :: ALL_DONE && QUIET && window[0] == NONE -> break
#endif
  od
}

/* --------------------------------------------------------------------------------------- the receiver's application */

active proctype Application() {
  do
#ifdef FROM_DEVICE
  :: atomic { window[0] != NONE -> take(); ANSWER(inSession, hostAck(ACK)) }
#else
  :: atomic { window[0] != NONE -> take(); ANSWER(deviceH != 0, deviceAck(ACK)) }
#endif
#ifdef LIVE
  :: ALL_DONE && QUIET && window[0] == NONE -> break
#endif
  od
}

#ifdef REPLAY
active proctype Repeater() {
  byte i;
  do
  :: atomic {
    recorded > 0 ->
    if :: i = 0 :: recorded > 1 -> i = 1 fi;
    if
    :: record[i].kind == 0
    :: record[i].kind != 0 ->
      if
      :: record[i].fromDevice && nfull(toHost) ->
        toHost!record[i].kind, record[i].h, record[i].d, record[i].x, record[i].y
      :: !record[i].fromDevice && nfull(toDevice) ->
        toDevice!record[i].kind, record[i].h, record[i].d, record[i].x, record[i].y
      :: else
      fi
    fi;
    i = 0
  }
  od
}
#endif
