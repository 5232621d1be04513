// Writes the images to a TypeScript module, or checks that it has them: node images.mjs write|check MODULE link-WINDOW.wasm...
import { readFileSync, writeFileSync } from 'node:fs';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

const LINE_LENGTH = 116;

const [command, module, ...files] = process.argv.slice(2);
const images = files.map((file) => ({ window: /link-(\d+)\.wasm$/.exec(file)[1], bytes: readFileSync(file) }));

if (command === 'write') {
  writeFileSync(module, text());
  console.log(`${module} written`);
} else if (images.every(({ window, bytes }) => bytes.equals(committed(window)))) {
  console.log(`${module} matches the source`);
} else {
  console.error(`${module} does not match the source; run "make -C firmware/wasm" and commit the result`);
  process.exitCode = 1;
}

function text() {
  const entries = images.map(({ window, bytes }) => {
    const base64 = deflateRawSync(bytes, { level: 9 }).toString('base64');
    return `  ${window}: \`\n${base64.replaceAll(new RegExp(`.{1,${LINE_LENGTH}}`, 'g'), '$&\n')}\`,\n`;
  });
  return `// Generated from firmware/src/link.c by "make -C firmware/wasm".

/** The device's end of acknowledged delivery, by the size of its windows: WebAssembly, deflated, as base64. */
export const LINK_IMAGES = {
${entries.join('')}};
`;
}

// Another version of zlib may compress otherwise, so what counts is the image.
function committed(window) {
  const base64 = new RegExp(`^  ${window}: \`([^\`]*)\``, 'm').exec(readFileSync(module, 'utf8'));
  return base64 === null ? Buffer.alloc(0) : inflateRawSync(Buffer.from(base64[1], 'base64'));
}
