import { vi } from 'vitest';

/** A request of the page, for a test to answer. Both resolve when what follows from the answer is done; timers must be fake. */
export interface Asked<Request, Answer> {
  readonly request: Request;
  answer(answer: Answer | undefined): Promise<void>;
  fail(problem: Error): Promise<void>;
}

/** Adds a request to those that a test answers. As with the page's server, one that is given up resolves to undefined. */
export function ask<Request, Answer>(
  asked: Asked<Request, Answer>[],
  request: Request,
  signal?: AbortSignal,
): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    signal?.addEventListener('abort', () => resolve(undefined));
    asked.push({
      request,
      async answer(answer) {
        resolve(answer);
        await vi.advanceTimersByTimeAsync(0);
      },
      async fail(problem) {
        reject(problem);
        await vi.advanceTimersByTimeAsync(0);
      },
    });
  });
}
