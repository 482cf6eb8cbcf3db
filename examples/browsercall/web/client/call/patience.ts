// Waiting, with an end.

/** A wait took longer than it may. */
export class TimeoutError extends Error {
  constructor(what: string, ms: number) {
    super(`${what} took longer than ${ms} ms`);
    this.name = 'TimeoutError';
  }
}

/** What p gives, or TimeoutError after ms milliseconds. p goes on; whatever it ends with then is ignored. */
export function within<T>(ms: number, what: string, p: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError(what, ms)), ms);
    p.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Says whether p has settled, in whatever way, within ms milliseconds. */
export function settled(ms: number, p: Promise<unknown>): Promise<boolean> {
  return within(ms, '', p).then(() => true, (e: unknown) => !(e instanceof TimeoutError));
}

/** Resolves after ms milliseconds, or as soon as abort says so. */
export function pause(ms: number, abort: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (abort.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      abort.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    abort.addEventListener('abort', done);
  });
}

/** Rejects with the signal's reason as soon as it says so; otherwise what p gives. */
export function unless<T>(abort: AbortSignal, p: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(abort.reason);
    if (abort.aborted) stop();
    abort.addEventListener('abort', stop);
    p.then(resolve, reject).finally(() => abort.removeEventListener('abort', stop));
  });
}
