// Prints what each option of the wrapper adds to a sketch for the Uno, as rows of the table in README.md. With the path of the README,
// fails if it lacks one of the rows. Each image is also built without the C files that its option does not need: both must have
// the same size, since what is not used must cost nothing.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = import.meta.dirname;
const ECHO = path.resolve(FOLDER, '../../../firmware-echo');
const PLAIN = ['cobs', 'frame_queue', 'packet_receiver'];

// In the order of OPTION in sizes.ino. Each is compared with the image `base`.
const OPTIONS = [
  { name: 'a sketch with `Serial` alone', files: [] },
  { name: '`SerialPackets<64>`', base: 0, files: PLAIN },
  { name: '`Crc16`', base: 1, files: [...PLAIN, 'crc16'] },
  { name: '`Crc32`', base: 1, files: [...PLAIN, 'crc32'] },
  { name: '`Ids<1>`: replies to requests', base: 1, files: [...PLAIN, 'requests'] },
  { name: '`Ids<1, 1>`: also sends requests', base: 1, files: [...PLAIN, 'requests'] },
  { name: '`AcknowledgedPackets`', base: 0, files: ['link', 'crc32'] },
  { name: '`AcknowledgedRequests<Ids<1>>`', base: 6, files: ['link', 'crc32', 'requests'] },
];

function sizeOf(option, sources) {
  execFileSync('make', [
    '-s',
    ...['-C', ECHO, `SKETCH=${path.join(FOLDER, 'sizes.ino')}`, `SETTINGS=-DOPTION=${option}`, 'WARNINGS=-Werror'],
    ...(sources === undefined ? [] : [`SOURCES=${sources.map((name) => `../firmware/src/${name}.c`).join(' ')}`]),
    'build/sizes.elf',
  ]);
  const output = execFileSync('avr-size', [path.join(ECHO, 'build/sizes.elf')], { encoding: 'utf8' });
  const [text, data, bss] = output.split('\n')[1].trim().split(/\s+/).map(Number);
  return { flash: text + data, ram: data + bss };
}

const sizes = [];
const rows = OPTIONS.map(({ name, base, files }, option) => {
  const size = sizeOf(option);
  sizes.push(size);
  const needed = sizeOf(option, files);
  if (needed.flash !== size.flash || needed.ram !== size.ram) {
    throw new Error(`${name}: files that it does not need cost flash or RAM`);
  }
  const from = base === undefined ? { flash: 0, ram: 0 } : sizes[base];
  return `| ${name} | ${size.flash - from.flash} | ${size.ram - from.ram} |`;
});

const readme = process.argv[2];
if (readme === undefined) {
  console.log(rows.join('\n'));
} else {
  const table = existsSync(readme) ? readFileSync(readme, 'utf8').replace(/ +/g, ' ') : '';
  const missing = rows.filter((row) => !table.includes(row));
  if (missing.length > 0) {
    console.error(`${readme} lacks these rows:\n${missing.join('\n')}`);
    process.exit(1);
  }
  console.log(`The sizes of the wrapper in ${readme} match the source.`);
}
