// A robot that moves parts from one place to another: what its arm and its gripper measure, as functions of time.

/** One movement from place to place and back. */
const CYCLE_S = 8;

/** Degrees of shoulder, elbow and wrist at rest, over the part, lifted, and over the box. */
const POSES = [
  [0, 40, -10],
  [28, 62, 18],
  [20, 35, 6],
  [-46, 48, 30],
];

/** When each pose is reached, in seconds of the cycle. Between movements the arm stands still. */
const MOVES = [
  { fromS: 0.5, toS: 1.9, pose: 1 },
  { fromS: 2.6, toS: 3.4, pose: 2 },
  { fromS: 3.6, toS: 5.2, pose: 3 },
  { fromS: 6.0, toS: 7.6, pose: 0 },
];

const GRASP_S = 2.1;
const RELEASE_S = 5.6;

/** Noise that is the same in each run. */
export class Noise {
  #state;

  constructor(seed) {
    this.#state = seed;
  }

  /** About normal, with a deviation of 1. */
  next() {
    return this.#uniform() + this.#uniform() + this.#uniform() + this.#uniform() - 2;
  }

  #uniform() {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 31 - 0.5;
  }
}

/** Degrees of the three joints. */
export function joints(timeS) {
  const at = timeS % CYCLE_S;
  let pose = POSES[0];
  for (const { fromS, toS, pose: next } of MOVES) {
    const share = smooth((at - fromS) / (toS - fromS));
    pose = pose.map((angle, joint) => angle + share * (POSES[next][joint] - angle));
  }
  return pose.map((angle) => round(angle, 8));
}

/** Of the hand: gravity, what the joints add, and vibration while they move. */
export function accelerations(timeS, noise) {
  const [before, now, after] = [-0.08, 0, 0.08].map((offsetS) => joints(Math.max(0, timeS + offsetS)));
  const speed = now.map((_, joint) => (after[joint] - before[joint]) / 0.16);
  const jerk = now.map((angle, joint) => (after[joint] - 2 * angle + before[joint]) / 0.08 ** 2);
  const tilt = ((now[1] - 40) * Math.PI) / 180;
  const shake = 0.05 + 0.004 * Math.hypot(...speed);
  return [
    9.81 * Math.sin(tilt) + 0.012 * jerk[0] + shake * noise.next(),
    0.02 * jerk[1] + 0.0006 * speed[0] ** 2 + shake * noise.next(),
    9.81 * Math.cos(tilt) + 0.01 * jerk[2] + shake * noise.next(),
  ].map((value) => round(value, 64));
}

/** Newtons, millimeters and amperes of the gripper. */
export function grip(timeS, noise) {
  const at = timeS % CYCLE_S;
  const closed = smooth((at - GRASP_S) / 0.4) - smooth((at - RELEASE_S) / 0.4);
  const force = 14 * closed * (1 + 0.25 * Math.exp(-4 * Math.max(0, at - GRASP_S - 0.3))) + 0.08 * noise.next();
  return {
    force: round(Math.max(0, force), 64),
    width: round(80 - 46 * closed + 0.05 * noise.next(), 16),
    amps: round(0.12 + 0.6 * closed + 0.01 * noise.next(), 128),
  };
}

/** Degrees Celsius of the motors, which get warmer, and volts of the supply, which the load pulls down. */
export function supply(timeS, noise) {
  const moving = Math.abs(joints(timeS + 0.1)[0] - joints(timeS)[0]);
  return {
    temp: round(43 - 9 * Math.exp(-timeS / 25) + 0.05 * noise.next(), 16),
    volts: round(12.1 - 0.03 * moving + 0.01 * noise.next(), 64),
  };
}

function smooth(share) {
  const x = Math.min(1, Math.max(0, share));
  return x * x * (3 - 2 * x);
}

/** To a fraction that is exact in a half-precision float, so that packets are small. */
function round(value, parts) {
  return Math.round(value * parts) / parts;
}
