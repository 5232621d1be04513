/** Waits until the promise resolves, at most `limitMs`. The promise must not reject. */
export async function within(limitMs: number, promise: Promise<unknown> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([promise, timeout]);
  clearTimeout(timer);
}
