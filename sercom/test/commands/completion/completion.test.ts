import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { PLAIN_DECODERS } from '../../../src/decoders/index.js';
import { RunningProcess, run, SERCOM } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const FOLDER = path.dirname(SERCOM);

/** The words that bash offers after a line. */
async function offered(line: string, env: NodeJS.ProcessEnv = {}, breaks = ' \t\n"\'@><=;|&(:'): Promise<string[]> {
  const script = `
    sercom() { "${process.execPath}" "${SERCOM}" "$@"; }
    source <(sercom completion bash)
    COMP_WORDBREAKS=$2
    COMP_LINE=$1 COMP_POINT=\${#1}
    # Bash also splits words at these characters.
    read -ra COMP_WORDS <<<"\${1//[=:@]/ & }"
    [[ $1 == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _sercom
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await new RunningProcess('bash', ['-c', script, 'bash', line, breaks], env).outcome();
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe.skipIf(!has('bash'))('completion in bash (needs bash)', () => {
  test.each([
    ['sercom mon', ['monitor']],
    ['sercom monitor --par', ['--parity']],
    ['sercom monitor --parity o', ['odd']],
    ['sercom send --decode js', ['json']],
    ['sercom monitor --decode dir=tx:c', ['cbor']],
    [
      'sercom replay --decode text --decode d',
      ['rx', 'tx'].flatMap((dir) => PLAIN_DECODERS.map((name) => `dir=${dir}:${name}`)),
    ],
    ['sercom extcap --decode b', ['bytes']],
    ['sercom monitor si', ['sim:']],
    ['sercom completion f', ['fish']],
    ['sercom ping --w', ['--window']],
    ['sercom list --', ['--json', '--watch', '--help']],
  ])('%j', async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });

  test('offers images and folders after sim:', async () => {
    const folder = await temporaryFolder();
    await mkdir(path.join(folder, 'more'));
    await Promise.all(['a.hex', 'b.IHEX', 'c.txt'].map((name) => writeFile(path.join(folder, name), '')));
    const words = await offered(`sercom monitor sim:${folder}/`);
    expect(words.sort()).toEqual(['a.hex', 'b.IHEX', 'more/'].map((name) => `${folder}/${name}`));
  });

  test.each([
    ['without "@" and ":"', ' =', 'monitor arm=s', ['sim:']],
    ['without any of its own', ' ', 'monitor arm=s', ['arm=sim:']],
  ])('respects the word breaks of the user: %s', async (_, breaks, line, words) => {
    expect(await offered(`sercom ${line}`, {}, breaks)).toEqual(words);
  });

  test('executes nothing in the name of a profile or a file, and quotes it', async () => {
    const folder = await temporaryFolder();
    const trace = path.join(folder, 'executed');
    const names = [`$(touch ${trace})`, `\`touch ${trace}\``, `a b'c"d`, 'new\nline'];
    await mkdir(path.join(folder, 'sercom'));
    const profiles = Object.fromEntries(names.map((name) => [name, {}]));
    await writeFile(path.join(folder, 'sercom', 'config.json'), JSON.stringify({ profiles }));
    const env = { XDG_CONFIG_HOME: folder };
    expect(await offered('sercom monitor @', env)).toEqual([
      `@\\$\\(touch\\ ${trace}\\)`,
      `@\\\`touch\\ ${trace}\\\``,
      `@a\\ b\\'c\\"d`,
    ]);
    expect(await offered('sercom monitor @a\\ b', env)).toEqual([`@a\\ b\\'c\\"d`]);
    await writeFile(path.join(folder, '$(touch x)'), '');
    expect(await offered(`sercom monitor --log ${folder}/$`)).toEqual([]);
    expect(await offered(`sercom monitor --log ${folder}/`)).toContain(`${folder}/\\$\\(touch\\ x\\)`);
    expect(existsSync(trace)).toBe(false);
  });

  test('offers files as the value of an option for files', async () => {
    expect(await offered(`sercom monitor --log ${FOLDER}/serc`)).toEqual(
      expect.arrayContaining([`${FOLDER}/sercom.js`]),
    );
  });
});

describe('completion in other shells', () => {
  test.each(['bash', 'zsh', 'fish'])('%s knows every command and option', async (shell) => {
    const { code, stdout } = await run('completion', shell);
    for (const word of ['monitor', 'send', 'ping', 'list', 'completion', 'parity', 'window', 'watch', 'pcapng']) {
      expect(stdout).toContain(word);
    }
    expect(stdout).toContain(PLAIN_DECODERS.join(' '));
    expect(code).toBe(0);
  });

  for (const shell of ['bash', 'zsh', 'fish']) {
    test.skipIf(!has(shell))(`${shell} accepts the script (needs ${shell})`, async () => {
      const { stdout } = await run('completion', shell);
      const file = path.join(await temporaryFolder(), 'completion');
      await writeFile(file, stdout);
      expect(await new RunningProcess(shell, ['-n', file]).outcome()).toMatchObject({ code: 0, stderr: '' });
    });
  }
});
