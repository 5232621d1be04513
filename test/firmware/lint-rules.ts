/** The files of a library: their paths, with slashes, and their contents. */
export type Tree = ReadonlyMap<string, string>;

/**
 * A rule of arduino-lint for libraries. `check` returns whether a tree follows it. `broken` changes a tree so that it does not:
 * files with their new contents, or null to remove them.
 */
export interface Rule {
  readonly id: string;
  readonly name: string;
  check(tree: Tree): boolean;
  broken: (tree: Tree) => Record<string, string | null>;
}

const PROPERTIES = 'library.properties';
const HEADER = /\.(h|hh|hpp)$/;

function propertiesOf(tree: Tree): Map<string, string> {
  const lines = (tree.get(PROPERTIES) ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.split('=')[0]!, line.slice(line.indexOf('=') + 1)]));
}

const names = (tree: Tree) => [...tree.keys()];
const folders = (tree: Tree) => new Set(names(tree).flatMap((file) => file.split('/').slice(0, -1)));
const rootFolders = (tree: Tree) => new Set(names(tree).flatMap((file) => file.split('/').slice(0, -1).slice(0, 1)));

const CATEGORIES = [
  ...['Display', 'Communication', 'Signal Input/Output', 'Sensors', 'Device Control', 'Timing', 'Data Storage'],
  ...['Data Processing', 'Other'],
];
const FIELDS = [
  ...['name', 'version', 'author', 'maintainer', 'email', 'sentence', 'paragraph', 'category', 'url', 'architectures'],
  ...['depends', 'dot_a_linkage', 'includes', 'precompiled', 'ldflags'],
];
const SEMVER = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

/** A rule about the files of the library. */
function files(id: string, name: string, check: Rule['check'], broken: Rule['broken']): Rule {
  return { id, name, check, broken };
}

/** A rule about a field. `wrong` is a value that breaks it, or undefined: the field is then removed. */
function field(
  id: string,
  name: string,
  key: string,
  check: (value: string | undefined, tree: Tree) => boolean,
  wrong: string | undefined,
): Rule {
  return {
    id,
    name,
    check: (tree) => check(propertiesOf(tree).get(key), tree),
    broken: (tree) => {
      const fields = propertiesOf(tree);
      fields.delete(key);
      if (wrong !== undefined) {
        fields.set(key, wrong);
      }
      return { [PROPERTIES]: [...fields].map(([name, value]) => `${name}=${value}\n`).join('') };
    },
  };
}

const present = (id: string, key: string) =>
  field(id, `missing ${key}`, key, (value) => value !== undefined, undefined);
const notEmpty = (id: string, key: string) => field(id, `${key} < min length`, key, (value) => value !== '', '');
const optional = (id: string, name: string, key: string, pattern: RegExp, wrong: string) =>
  field(id, name, key, (value) => value === undefined || pattern.test(value), wrong);
/** A field that the library may only have with this spelling. */
const spelled = (id: string, name: string, pattern: RegExp, wrong: string): Rule =>
  files(
    id,
    name,
    (tree) => [...propertiesOf(tree).keys()].every((key) => !pattern.test(key) || FIELDS.includes(key)),
    (tree) => ({ [PROPERTIES]: `${tree.get(PROPERTIES)}${wrong}=x\n` }),
  );

/**
 * Every rule of arduino-lint for libraries, except those that the contents of a library do not decide: LS002 and LS003 (name of
 * the folder), LS005 (links, which the test of the mirror rejects), LP013 (official libraries), LP017, LP018 and LP048 (Arduino's
 * index), LP022 (tags), LP033 and LP035 (spelling), LP042 (whether the address exists). Of the rules for sketches, SD001 and SD002 do not
 * concern examples.
 */
export const RULES: Rule[] = [
  files(
    'LS001',
    'invalid library',
    (tree) => names(tree).some((file) => /^(src\/)?[^/]+$/.test(file) && HEADER.test(file)),
    (tree) =>
      Object.fromEntries(
        names(tree)
          .filter((file) => HEADER.test(file))
          .map((file) => [file, null]),
      ),
  ),
  files(
    'LS004',
    'submodule',
    (tree) => !tree.has('.gitmodules'),
    () => ({ '.gitmodules': '' }),
  ),
  files(
    'LS006',
    '.development file',
    (tree) => !tree.has('.development'),
    () => ({ '.development': '' }),
  ),
  files(
    'LS007',
    '.exe file',
    (tree) => !names(tree).some((file) => /\.exe$/i.test(file)),
    () => ({ 'src/a.exe': '' }),
  ),
  files(
    'LS008',
    'name-header mismatch',
    (tree) => tree.has(`src/${propertiesOf(tree).get('name')}.h`),
    () => ({ 'src/SerialPackets.h': null }),
  ),
  files(
    'LS009',
    'src folder case',
    (tree) => ![...rootFolders(tree)].some((name) => name !== 'src' && name.toLowerCase() === 'src'),
    () => ({ 'Src/a.h': '' }),
  ),
  files(
    'LS010',
    'recursive with utility folder',
    (tree) => !rootFolders(tree).has('utility'),
    () => ({ 'utility/a.h': '' }),
  ),
  files(
    'LS011',
    'incorrect extras folder name',
    (tree) => ![...rootFolders(tree)].some((name) => /^extra$/i.test(name)),
    () => ({ 'extra/a': '' }),
  ),
  files(
    'LS012',
    'extras folder name case',
    (tree) => ![...rootFolders(tree)].some((name) => name !== 'extras' && /^extras$/i.test(name)),
    () => ({ 'Extras/a': '' }),
  ),
  files(
    'LP001',
    'missing library.properties',
    (tree) => tree.has(PROPERTIES),
    () => ({ [PROPERTIES]: null }),
  ),
  files(
    'LP002',
    'incorrect library.properties file name',
    (tree) => !names(tree).some((file) => /^librar(y|ies)\.propert(y|ie)$|^libraries\.properties$/i.test(file)),
    () => ({ 'library.property': '' }),
  ),
  files(
    'LP003',
    'library.properties file name case',
    (tree) => !names(tree).some((file) => file !== PROPERTIES && file.toLowerCase() === PROPERTIES),
    () => ({ 'Library.properties': '' }),
  ),
  files(
    'LP004',
    'redundant library.properties',
    (tree) => !tree.has(`src/${PROPERTIES}`),
    () => ({ [`src/${PROPERTIES}`]: '' }),
  ),
  files(
    'LP005',
    'library.properties format',
    (tree) => (tree.get(PROPERTIES) ?? '').split('\n').every((line) => line === '' || /^#|^[^=\s]+=/.test(line)),
    () => ({ [PROPERTIES]: 'name SerialPackets\n' }),
  ),
  spelled('LP006', 'misspelled library.properties field', /^(dep|dot|inc|pre|ldf|email)/i, 'depend'),
  present('LP007', 'name'),
  notEmpty('LP008', 'name'),
  field('LP009', 'name > max length', 'name', (value) => value!.length <= 63, 'x'.repeat(64)),
  field('LP010', 'name > recommended length', 'name', (value) => value!.length <= 16, 'x'.repeat(33)),
  field('LP011', 'prohibited character in name', 'name', (value) => /^[a-z0-9][a-z0-9 _.-]*$/i.test(value!), 'a/b'),
  field('LP012', 'name starts with "Arduino"', 'name', (value) => !/^arduino/i.test(value!), 'ArduinoPackets'),
  field('LP014', 'name contains "Arduino"', 'name', (value) => !/.arduino/i.test(value!), 'MyArduino'),
  field('LP015', 'name contains spaces', 'name', (value) => !/ /.test(value!), 'a b'),
  field('LP016', 'name contains "library"', 'name', (value) => !/library/i.test(value!), 'PacketLibrary'),
  present('LP019', 'version'),
  field('LP020', 'invalid version', 'version', (value) => /^\d+(\.\d+){0,2}([-+].+)?$/.test(value!), 'x'),
  field('LP021', 'non-semver version', 'version', (value) => SEMVER.test(value!), '1.0'),
  present('LP023', 'author'),
  notEmpty('LP024', 'author'),
  present('LP025', 'maintainer'),
  notEmpty('LP026', 'maintainer'),
  field('LP027', 'maintainer starts with "Arduino"', 'maintainer', (value) => !/^arduino/i.test(value!), 'Arduino x'),
  field('LP057', 'maintainer contains "Arduino"', 'maintainer', (value) => !/.arduino/i.test(value!), 'x Arduino'),
  field('LP028', '"email" used as alias for "maintainer"', 'email', (value) => value === undefined, 'x'),
  optional('LP029', 'email < min length', 'email', /./, ''),
  optional('LP030', 'email starts with "Arduino"', 'email', /^(?!arduino)/i, 'arduino'),
  present('LP031', 'sentence'),
  notEmpty('LP032', 'sentence'),
  present('LP034', 'paragraph'),
  field(
    'LP036',
    'paragraph repeats sentence',
    'paragraph',
    (value, tree) => !value!.startsWith(propertiesOf(tree).get('sentence')!),
    'Send and receive packets of bytes over a serial port. And more.',
  ),
  present('LP037', 'category'),
  field(
    'LP038',
    'invalid category value',
    'category',
    (value) => [...CATEGORIES, 'Uncategorized'].includes(value!),
    'Serial',
  ),
  field('LP039', '"Uncategorized" category value', 'category', (value) => value !== 'Uncategorized', 'Uncategorized'),
  present('LP040', 'url'),
  notEmpty('LP056', 'url'),
  field('LP041', 'invalid url format', 'url', (value) => /^https?:/.test(value!) && URL.canParse(value!), 'here'),
  present('LP043', 'architectures'),
  notEmpty('LP044', 'architectures'),
  field('LP045', 'architecture alias', 'architectures', (value) => !/\barm\b/.test(value!), 'arm'),
  field('LP046', 'architecture case', 'architectures', (value) => value === value!.toLowerCase(), 'AVR'),
  optional('LP047', 'invalid depends format', 'depends', /^[\w .-]+( \([^)]+\))?(, *[\w .-]+( \([^)]+\))?)*$/, 'a;b'),
  optional(
    'LP058',
    'invalid depends constraint syntax',
    'depends',
    /^[^(]*(\((>=|<=|>|<|=)[\d.]+\)[^(]*)*$/,
    'a (nice)',
  ),
  optional('LP049', 'invalid dot_a_linkage value', 'dot_a_linkage', /^(true|false)$/, 'yes'),
  files(
    'LP050',
    'dot_a_linkage=true with "1.0" library format',
    (tree) => propertiesOf(tree).get('dot_a_linkage') !== 'true' || rootFolders(tree).has('src'),
    (tree) => ({ ...moved(tree), [PROPERTIES]: `${tree.get(PROPERTIES)}dot_a_linkage=true\n` }),
  ),
  optional('LP051', 'includes blank', 'includes', /./, ''),
  field(
    'LP052',
    'includes not in library',
    'includes',
    (value, tree) => (value ?? '').split(',').every((name) => tree.has(`src/${name.trim()}`)),
    'Missing.h',
  ),
  optional('LP053', 'invalid precompiled value', 'precompiled', /^(true|false|full)$/, 'yes'),
  files(
    'LP054',
    'precompiled with "1.0" format',
    (tree) => !propertiesOf(tree).has('precompiled') || rootFolders(tree).has('src'),
    (tree) => ({ ...moved(tree), [PROPERTIES]: `${tree.get(PROPERTIES)}precompiled=true\n` }),
  ),
  optional('LP055', 'ldflags < min length', 'ldflags', /./, ''),
  files(
    'LC001',
    'Arduino.h case (in a sketch, SC001)',
    (tree) =>
      [...tree.values()].every((text) =>
        (text.match(/(?<=^\s*#\s*include\s*["<])arduino\.h/gim) ?? []).every((name) => name === 'Arduino.h'),
      ),
    () => ({ 'src/a.h': '#include <arduino.h>\n' }),
  ),
  files(
    'LD001',
    'no readme',
    (tree) => names(tree).some((file) => /^readme\.\w+$/i.test(file)),
    () => ({ 'README.md': null }),
  ),
  files(
    'LD002',
    'no license file',
    (tree) => names(tree).some((file) => /^(licen[sc]e|copying)(\.\w+)?$/i.test(file)),
    () => ({ LICENSE: null }),
  ),
  files(
    'LD003',
    'stray sketch',
    (tree) => names(tree).every((file) => !/\.(ino|pde)$/.test(file) || /^(examples|extras)\//.test(file)),
    () => ({ 'src/a.ino': '' }),
  ),
  files(
    'LD004',
    'no examples',
    (tree) => names(tree).some((file) => /^examples\/.*\.ino$/.test(file)),
    (tree) =>
      Object.fromEntries(
        names(tree)
          .filter((file) => /\.ino$/.test(file))
          .map((file) => [file, null]),
      ),
  ),
  files(
    'LD005',
    'incorrect examples folder name',
    (tree) => ![...rootFolders(tree)].some((name) => /^example$/i.test(name)),
    () => ({ 'example/a': '' }),
  ),
  files(
    'LD006',
    'examples folder name case',
    (tree) => ![...rootFolders(tree)].some((name) => name !== 'examples' && /^examples$/i.test(name)),
    () => ({ 'Examples/a': '' }),
  ),
  files(
    'SS001',
    'sketch name mismatch',
    (tree) => sketchFolders(tree).every((name) => tree.has(`examples/${name}/${name}.ino`)),
    () => ({ 'examples/A/B.ino': '' }),
  ),
  files(
    'SS002',
    'prohibited character in filename',
    (tree) => names(tree).every((file) => file.split('/').every((part) => /^[a-z0-9][a-z0-9_.-]*$/i.test(part))),
    () => ({ 'examples/Echo/a b.ino': '' }),
  ),
  files(
    'SS003',
    'file name too long',
    (tree) => names(tree).every((file) => file.split('/').every((part) => part.length <= 63)),
    () => ({ [`examples/Echo/${'a'.repeat(64)}.ino`]: '' }),
  ),
  files(
    'SS004',
    '.pde extension',
    (tree) => !names(tree).some((file) => /\.pde$/.test(file)),
    () => ({ 'examples/Echo/Echo.pde': '' }),
  ),
  files(
    'SS005',
    'src folder case in a sketch',
    (tree) => ![...folders(tree)].some((name) => name !== 'src' && name.toLowerCase() === 'src'),
    () => ({ 'examples/Echo/SRC/a.h': '' }),
  ),
];

function sketchFolders(tree: Tree): string[] {
  return [...new Set(names(tree).flatMap((file) => /^examples\/([^/]+)\//.exec(file)?.[1] ?? []))];
}

/** The format 1.0 has its files in the root, not in `src`. */
function moved(tree: Tree): Record<string, string | null> {
  const sources = [...tree].filter(([file]) => file.startsWith('src/'));
  return Object.fromEntries(
    sources.flatMap(([file, text]) => [
      [file, null],
      [file.slice(4), text],
    ]),
  );
}
