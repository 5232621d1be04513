import type { NodeFacts, PortFacts } from './port-facts.js';
import type { GroupFacts, SystemFacts } from './system-facts.js';

/** The permissions that opening a port needs. */
const READ_WRITE = 0o6;

/** The user and group that stand for those that a user namespace does not map: nobody and nogroup. */
const UNMAPPED = 65_534;

/** Groups that own serial ports: on Debian and Fedora, and on Arch. */
const SERIAL_GROUPS = ['dialout', 'uucp'];

/**
 * Says what can help a user who may not open a port: a function of the facts only.
 *
 * @param isForbidden - whether the error was EPERM, which the permissions of a file do not cause
 * @returns `undefined` if nothing is known that can help
 */
export function advisePermission(
  path: string | undefined,
  isForbidden: boolean,
  { system, node }: PortFacts,
): string | undefined {
  if (node === undefined || path === undefined) {
    return undefined;
  }
  if (system.platform !== 'linux') {
    return describeOwner(node, system);
  }
  if (node.deviceNumber !== undefined && node.isOnNodev) {
    return `its file system is mounted with "nodev"; ${inContainer(system, `"--device ${path}"`) ?? 'use the node in /dev'}`;
  }
  return isForbidden ? adviseOnRule(path, node, system) : adviseOnMode(node, system);
}

/** The mode allows it, but a rule of the kernel does not. */
function adviseOnRule(path: string, { deviceNumber }: NodeFacts, system: SystemFacts): string | undefined {
  if (deviceNumber === undefined) {
    return undefined;
  }
  const rule = `--device-cgroup-rule "c ${deviceNumber.split(':')[0]}:* rmw"`;
  return system.isContainer
    ? `this container may not use device ${deviceNumber}; start it with "--device ${path}", or with ${rule}`
    : `a rule forbids device ${deviceNumber}, for example DeviceAllow= of a systemd unit or the rules of a container`;
}

function adviseOnMode(node: NodeFacts, system: SystemFacts): string {
  const { uid, gids, isContainer, isUserNamespace } = system;
  const { name, members } = groupOf(node, system);
  const mode = modeOf(node);
  if (isUserNamespace && node.gid === UNMAPPED && !isAllowed(node.mode)) {
    return (
      'its group is not known in this container; on the host, join the group of the port, ' +
      'then start the container with "--group-add keep-groups" (podman)'
    );
  }
  const shift = node.uid === uid ? 6 : gids.includes(node.gid) ? 3 : 0;
  if (isAllowed(node.mode >> shift)) {
    return `its mode (${mode}) allows it; SELinux, AppArmor or an access control list may forbid it`;
  }
  if (uid === 0 && !(isUserNamespace && node.uid === UNMAPPED)) {
    const cure = inContainer(system, '"--cap-add DAC_OVERRIDE"') ?? 'run the program with it';
    return `its mode (${mode}) does not allow it, and root lacks the capability DAC_OVERRIDE here; ${cure}`;
  }
  if (node.gid === 0 || node.gid === UNMAPPED || (name === undefined && !isContainer)) {
    return `${describeOwner(node, system)}; ${changeNode(node, system)}`;
  }
  if (shift > 0 || !isAllowed(node.mode >> 3)) {
    return `its mode (${mode}) does not allow it, even to group ${name ?? node.gid}; ${changeNode(node, system)}`;
  }
  if (isContainer) {
    return `it belongs to group ${name ?? node.gid}; start the container with "--group-add ${node.gid}"`;
  }
  if (system.userName !== undefined && members.includes(system.userName)) {
    return `user ${system.userName} is in its group ${name}, but this session is older; log out and in again`;
  }
  return `it belongs to group ${name}; run "sudo usermod -aG ${name} $USER", then log in again`;
}

/** How an administrator gives users access to a port whose mode or group does not. */
function changeNode(node: NodeFacts, system: SystemFacts): string {
  const isUseless = node.gid === 0 || node.gid === UNMAPPED;
  const usual = SERIAL_GROUPS.find((serial) => system.groups.some(({ name }) => name === serial));
  const group = (isUseless ? undefined : groupOf(node, system).name) ?? usual ?? SERIAL_GROUPS[0];
  const rule = `a udev rule with GROUP="${group}", MODE="0660"`;
  if (system.isContainer) {
    return `on the host, add ${rule}; then start the container again`;
  }
  return system.gids.includes(node.gid) ? `add ${rule}` : `add ${rule}, and join that group`;
}

function describeOwner(node: NodeFacts, system: SystemFacts): string {
  return `it belongs to group ${groupOf(node, system).name ?? node.gid}, with mode ${modeOf(node)}`;
}

function inContainer({ isContainer }: SystemFacts, option: string): string | undefined {
  return isContainer ? `start the container with ${option}` : undefined;
}

function groupOf({ gid }: NodeFacts, { groups }: SystemFacts): Partial<GroupFacts> & Pick<GroupFacts, 'members'> {
  return groups.find((group) => group.gid === gid) ?? { members: [] };
}

function isAllowed(bits: number): boolean {
  return (bits & READ_WRITE) === READ_WRITE;
}

function modeOf({ mode }: NodeFacts): string {
  return mode.toString(8).padStart(4, '0');
}
