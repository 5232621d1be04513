import { describe, expect, test } from 'vitest';
import { advisePermission } from '../../../src/serial/advice/permission-advice.js';
import type { NodeFacts } from '../../../src/serial/advice/port-facts.js';
import type { SystemFacts } from '../../../src/serial/advice/system-facts.js';

/** A user of a desktop machine. */
const USER: SystemFacts = {
  platform: 'linux',
  uid: 1000,
  gids: [1000, 27],
  userName: 'alex',
  groups: [
    { name: 'root', gid: 0, members: [] },
    { name: 'dialout', gid: 20, members: ['kim'] },
    { name: 'sudo', gid: 27, members: ['alex'] },
    { name: 'nogroup', gid: 65_534, members: [] },
  ],
  isContainer: false,
  isUserNamespace: false,
};

const MEMBER = { gids: [1000, 20] };
const ROOT = { uid: 0, gids: [0], userName: 'root' };
const CONTAINER = { isContainer: true };
const ROOTLESS = { isContainer: true, isUserNamespace: true };

const PORT: NodeFacts = { deviceNumber: '166:0', mode: 0o660, uid: 0, gid: 20, isOnNodev: false };

const EACCES = false;
const EPERM = true;

interface Case {
  system?: Partial<SystemFacts>;
  node?: Partial<NodeFacts>;
  isForbidden?: boolean;
}

function adviceFor({ system = {}, node = {}, isForbidden = EACCES }: Case): string | undefined {
  return advisePermission('/dev/ttyACM0', isForbidden, { system: { ...USER, ...system }, node: { ...PORT, ...node } });
}

const UDEV = 'add a udev rule with GROUP="dialout", MODE="0660", and join that group';
const HOST_UDEV = 'on the host, add a udev rule with GROUP="dialout", MODE="0660"; then start the container again';
const KEEP_GROUPS =
  'its group is not known in this container; on the host, join the group of the port, ' +
  'then start the container with "--group-add keep-groups" (podman)';

describe('permission advice', () => {
  test.each<[string, Case, string]>([
    [
      'a user outside the group joins it',
      {},
      'it belongs to group dialout; run "sudo usermod -aG dialout $USER", then log in again',
    ],
    [
      'a user who joined it in another session logs in again',
      { system: { userName: 'kim' } },
      'user kim is in its group dialout, but this session is older; log out and in again',
    ],
    ['group root is not joined', { node: { gid: 0 } }, `it belongs to group root, with mode 0660; ${UDEV}`],
    [
      'nogroup is not joined, even if it is a group of this machine',
      { node: { gid: 65_534 } },
      `it belongs to group nogroup, with mode 0660; ${UDEV}`,
    ],
    [
      'a group without a name cannot be joined',
      { node: { gid: 98_765 } },
      `it belongs to group 98765, with mode 0660; ${UDEV}`,
    ],
    [
      'the usual group of this machine is named',
      { node: { gid: 0 }, system: { groups: [{ name: 'uucp', gid: 986, members: [] }] } },
      'it belongs to group 0, with mode 0660; add a udev rule with GROUP="uucp", MODE="0660", and join that group',
    ],
    [
      'joining does not help if the group has no permission',
      { node: { mode: 0o600 } },
      `its mode (0600) does not allow it, even to group dialout; ${UDEV}`,
    ],
    [
      'a member need not join',
      { system: MEMBER, node: { mode: 0o440 } },
      `its mode (0440) does not allow it, even to group dialout; add a udev rule with GROUP="dialout", MODE="0660"`,
    ],
    [
      'an owner without permission cannot use that of the group',
      { node: { uid: 1000, mode: 0o060 } },
      `its mode (0060) does not allow it, even to group dialout; ${UDEV}`,
    ],
    [
      'a member with permission is stopped by something else',
      { system: MEMBER },
      'its mode (0660) allows it; SELinux, AppArmor or an access control list may forbid it',
    ],
    [
      'everyone with permission is stopped by something else',
      { node: { mode: 0o666 } },
      'its mode (0666) allows it; SELinux, AppArmor or an access control list may forbid it',
    ],
    [
      'in a container, the group is added to the process',
      { system: CONTAINER },
      'it belongs to group dialout; start the container with "--group-add 20"',
    ],
    [
      'in a container, the group needs no name',
      { system: CONTAINER, node: { gid: 98_765 } },
      'it belongs to group 98765; start the container with "--group-add 98765"',
    ],
    [
      'in a container, the mode is that of the host',
      { system: CONTAINER, node: { mode: 0o600 } },
      `its mode (0600) does not allow it, even to group dialout; ${HOST_UDEV}`,
    ],
    [
      'in a container, group root is not added',
      { system: CONTAINER, node: { gid: 0 } },
      `it belongs to group root, with mode 0660; ${HOST_UDEV}`,
    ],
    ['in a rootless container, groups are kept', { system: ROOTLESS, node: { uid: 65_534, gid: 65_534 } }, KEEP_GROUPS],
    [
      'in a rootless container, root is a user as well',
      { system: { ...ROOTLESS, ...ROOT }, node: { uid: 65_534, gid: 65_534 } },
      KEEP_GROUPS,
    ],
    [
      'in a rootless container, nogroup of the process is another group',
      { system: { ...ROOTLESS, gids: [1000, 65_534] }, node: { uid: 65_534, gid: 65_534 } },
      KEEP_GROUPS,
    ],
    [
      'in a rootless container, a known group is added',
      { system: { ...ROOTLESS, ...ROOT }, node: { uid: 65_534 } },
      'it belongs to group dialout; start the container with "--group-add 20"',
    ],
    [
      'root lacks a capability',
      { system: ROOT, node: { mode: 0 } },
      'its mode (0000) does not allow it, and root lacks the capability DAC_OVERRIDE here; run the program with it',
    ],
    [
      'root of a container lacks a capability',
      { system: { ...ROOT, ...CONTAINER }, node: { mode: 0 } },
      'its mode (0000) does not allow it, and root lacks the capability DAC_OVERRIDE here; ' +
        'start the container with "--cap-add DAC_OVERRIDE"',
    ],
    [
      'the device rules of a container forbid it',
      { system: { ...ROOT, ...CONTAINER }, isForbidden: EPERM },
      'this container may not use device 166:0; start it with "--device /dev/ttyACM0", ' +
        'or with --device-cgroup-rule "c 166:* rmw"',
    ],
    [
      'some other rule forbids it',
      { system: ROOT, isForbidden: EPERM },
      'a rule forbids device 166:0, for example DeviceAllow= of a systemd unit or the rules of a container',
    ],
    [
      'the file system allows no devices',
      { system: ROOT, node: { isOnNodev: true } },
      'its file system is mounted with "nodev"; use the node in /dev',
    ],
    [
      'the file system of a container allows no devices',
      { system: CONTAINER, node: { isOnNodev: true } },
      'its file system is mounted with "nodev"; start the container with "--device /dev/ttyACM0"',
    ],
    ['macOS has no usermod', { system: { platform: 'darwin' } }, 'it belongs to group dialout, with mode 0660'],
  ])('%s', (_, facts, advice) => {
    expect(adviceFor(facts)).toBe(advice);
  });

  test.each<[string, Parameters<typeof advisePermission>[2], boolean]>([
    ['the node cannot be examined', { system: USER }, EACCES],
    [
      'a file that is not a device must not be used',
      { system: USER, node: { ...PORT, deviceNumber: undefined } },
      EPERM,
    ],
  ])('there is none if %s', (_, facts, isForbidden) => {
    expect(advisePermission('/dev/ttyACM0', isForbidden, facts)).toBeUndefined();
  });
});
