const PACKET_BYTES = 64;

/** More than the handler can handle in all rounds together. */
const FLOOD_PACKETS = 1_000_000;

export default {
  question: 'How late is a timer of 10 ms while packets flood in, and the handler takes 5 ms for each?',
  needs: ['ptys', 'cc'],
  metrics: { latest: 'ms' },
  bars: [{ metric: 'latest', of: 'ours', max: 50 }],
  async run(bench) {
    const { device, host } = await bench.nodeHost('ours', 'slow', { size: PACKET_BYTES, deviceMode: 'flood' });
    let isFlooding = false;
    await bench.alternate({ ours: host }, bench.size(5, 2), async () => {
      host.tell(`run ${bench.size(400, 60)}`);
      await host.next();
      if (!isFlooding) {
        isFlooding = true;
        device.tell(`run ${FLOOD_PACKETS}`);
      }
      const { latest } = await host.next();
      return { latest };
    });
  },
};
