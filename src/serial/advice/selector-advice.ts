import type { PortInfo } from '../binding.js';
import type { DeviceSelector } from '../device-selector.js';
import { describeDifferences, describePorts } from './describe-ports.js';
import { explainMissingNode } from './port-advice.js';
import type { SystemFacts } from './system-facts.js';

/** What is known when a selector does not select exactly one port. */
export interface SelectionFacts {
  selector: DeviceSelector;
  /** All ports, and those that the selector matches. */
  ports: readonly PortInfo[];
  matching: readonly PortInfo[];
  system: SystemFacts;
}

/** Fields that only Linux knows. */
const LINUX_FIELDS = ['interface', 'interfaceName', 'portNumber'] as const satisfies readonly (keyof DeviceSelector)[];

/** Says why a selector does not select exactly one port, and what to do. */
export function explainSelection({ selector, ports, matching, system }: SelectionFacts): string {
  const withNode = matching.filter(({ hasNode }) => hasNode !== false);
  if (withNode.length > 0) {
    return `${withNode.length} ports match; select one: ${describeDifferences(withNode)}`;
  }
  const [withoutNode] = matching;
  if (withoutNode !== undefined) {
    return explainMissingNode(withoutNode.path, system);
  }
  const unknown = system.platform === 'linux' ? [] : LINUX_FIELDS.filter((field) => selector[field] !== undefined);
  const hint = unknown.length === 0 ? '' : `; only Linux knows ${unknown.join(', ')}: select by pnpId or path`;
  return `no such device${hint}; ${describePorts(ports)}`;
}
