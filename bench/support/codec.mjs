/** One byte in this many is a zero. */
const ZEROS = [256, 8];

/** Every combination of operation, packet size and share of zeros, each with the name of its metric. */
export function codecMetrics(operations, sizes) {
  return operations.flatMap((operation) =>
    sizes.flatMap((size) =>
      ZEROS.map((zeros) => ({ operation, size, zeros, metric: `${operation} ${size} B, zeros 1 in ${zeros}` })),
    ),
  );
}

/** Measures each case, alternating between the sides. */
export async function measureCodec(bench, sides, cases) {
  for (const side of Object.values(sides)) {
    await side.next();
  }
  const limitMs = bench.size(100, 20);
  for (const { operation, size, zeros, metric } of cases) {
    await bench.alternate(sides, bench.size(15, 2), async (side) => {
      const { nsPerPacket } = await side.ask(`${operation} ${size} ${zeros} ${limitMs}`);
      return { [metric]: (size / nsPerPacket) * 1e3 };
    });
  }
}
