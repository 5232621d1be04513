import { argument } from '../../options/define.js';
import { defineCommand } from '../command.js';

/** The shells that can complete `sercom`. */
const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The argument with which the scripts ask `sercom` for the ports to offer. */
export const PORTS = 'ports';

/** `sercom completion` */
export const definition = defineCommand({
  options: {
    shell: argument('<shell>', `${SHELLS.join(', ')}; "${PORTS}" prints the possible ports, for the scripts`, [
      ...SHELLS,
      PORTS,
    ]),
  },
  help: `Examples:
  source <(sercom completion bash)                                     (in ~/.bashrc)
  sercom completion zsh > "\${fpath[1]}/_sercom"
  sercom completion fish > ~/.config/fish/completions/sercom.fish`,
});
