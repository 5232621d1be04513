import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { accelerations, grip, joints, Noise, supply } from './robot.mjs';
import { ScriptedPort } from './scripted-port.mjs';

const TICK_MS = 40;
/** When somebody pulls the cable of the gripper, and puts it back. */
const UNPLUGGED_MS = 19_000;
const PLUGGED_MS = 24_000;
/** When a frame of the arm is damaged on its way. */
const DAMAGED_MS = [9_000, 27_000];
/** A value is sent every so many ticks. */
const EACH = { joints: 3, supply: 12 };

/** The ports of a robot with an arm and a gripper, in a folder of its own. What they measure is the same in each run. */
export class RobotBench {
  /** Names of ports are relative to it, so that pictures have no path of this machine. */
  folder;
  #arm;
  #gripper;
  #noise = new Noise(7);
  #damagedMs = [...DAMAGED_MS];
  #isPlugged = true;
  #isOver = false;
  #loop;

  static async open() {
    const bench = new RobotBench();
    bench.folder = await mkdtemp(path.join(tmpdir(), 'sercom-'));
    bench.#arm = new ScriptedPort(path.join(bench.folder, 'ttyACM0'));
    bench.#gripper = new ScriptedPort(path.join(bench.folder, 'ttyACM1'));
    await bench.#arm.plugIn();
    await bench.#gripper.plugIn();
    return bench;
  }

  /** Begins to measure. */
  start() {
    this.#loop ??= this.#run();
  }

  /** The arm sends something else. The first packet of all may be lost, since nobody listened when it began. */
  say(value) {
    return this.#arm.send(value);
  }

  async unplugGripper() {
    this.#isPlugged = false;
    await this.#gripper.unplug();
  }

  async close() {
    this.#isOver = true;
    await this.#loop;
    this.#arm.end();
    this.#gripper.end();
    await rm(this.folder, { recursive: true });
  }

  async #run() {
    const startedMs = performance.now();
    let nextMs = startedMs;
    for (let tick = 0; !this.#isOver; tick++) {
      await this.#measure(tick, performance.now() - startedMs);
      // On a busy machine, measurements are left out rather than late.
      nextMs = Math.max(nextMs + TICK_MS, performance.now());
      await delay(nextMs - performance.now());
    }
  }

  async #measure(tick, atMs) {
    const timeS = atMs / 1_000;
    await this.#arm.send({ imu: { accel: accelerations(timeS, this.#noise) } });
    if (tick % EACH.joints === 0) {
      await this.#arm.send({ joints: joints(timeS) });
      await this.#measureGrip(atMs);
    }
    if (tick % EACH.supply === 0) {
      await this.#arm.send(supply(timeS, this.#noise));
    }
    if (atMs > this.#damagedMs[0]) {
      this.#damagedMs.shift();
      await this.#arm.sendBytes(Uint8Array.of(9, 0xa1, 0x63, 0x69, 0));
    }
  }

  async #measureGrip(atMs) {
    const isAway = atMs >= UNPLUGGED_MS && atMs < PLUGGED_MS;
    if (isAway && this.#isPlugged) {
      await this.unplugGripper();
    } else if (!isAway && !this.#isPlugged) {
      this.#isPlugged = true;
      await this.#gripper.plugIn();
    }
    if (this.#isPlugged) {
      await this.#gripper.send({ grip: grip(atMs / 1_000, this.#noise) });
    }
  }
}
