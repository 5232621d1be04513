// Loaded into sercom with --import: answers each message of the test with the memory in use after collecting garbage.
// Needs --expose-gc.
process.on('message', () => {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
  process.send({ heapUsed, external, arrayBuffers, rss });
});
// Asking must not keep the command running.
process.channel.unref();
