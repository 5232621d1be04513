// Makes pictures of pages small: 256 colors are enough for them.
import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
const INDEXED = 3;

/**
 * Writes a PNG anew, with at most 256 colors.
 *
 * @param page - of playwright, which decodes it
 */
export async function smallPng(page, png) {
  const { width, height, palette, indices } = await page.evaluate(indexed, png.toString('base64'));
  const pixels = Buffer.from(indices, 'base64');
  // Each line begins with the number of its filter: none, which is best for indices.
  const lines = Array.from({ length: height }, (_, line) => [
    Buffer.alloc(1),
    pixels.subarray(line * width, (line + 1) * width),
  ]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, INDEXED, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flat())),
    chunk('IDAT', deflateSync(Buffer.concat(lines.flat()), { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** Runs in the browser: the pixels of a PNG as indices into the most frequent colors. */
async function indexed(base64) {
  const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${base64}`)).blob());
  const { width, height } = image;
  const ctx = new OffscreenCanvas(width, height).getContext('2d');
  ctx.drawImage(image, 0, 0);
  const { data } = ctx.getImageData(0, 0, width, height);
  // Colors that look alike are counted together, under the most frequent of them.
  const groups = new Map();
  const counts = new Map();
  for (let at = 0; at < data.length; at += 4) {
    const color = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  for (const [color, count] of counts) {
    const key = color & 0xf8f8f8;
    const group = groups.get(key) ?? { color, most: 0, count: 0 };
    if (count > group.most) {
      Object.assign(group, { color, most: count });
    }
    group.count += count;
    groups.set(key, group);
  }
  const palette = [...groups.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, 256)
    .map(({ color }) => [color >> 16, (color >> 8) & 255, color & 255]);
  const places = new Map();
  for (const color of counts.keys()) {
    const distances = palette.map(
      ([red, green, blue]) =>
        (red - (color >> 16)) ** 2 + (green - ((color >> 8) & 255)) ** 2 + (blue - (color & 255)) ** 2,
    );
    places.set(color, distances.indexOf(Math.min(...distances)));
  }
  const indices = new Uint8Array(width * height);
  for (let pixel = 0; pixel < indices.length; pixel++) {
    const at = 4 * pixel;
    indices[pixel] = places.get((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
  }
  const bytes = Array.from(indices, (index) => String.fromCharCode(index)).join('');
  return { width, height, palette, indices: btoa(bytes) };
}
