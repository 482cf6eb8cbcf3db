/** What a waiting promise is settled with; only the first call counts. */
export interface Settle<T> {
  resolve(v: T): void;
  reject(e: unknown): void;
}

/**
 * A promise that start settles, or that the abort signal ends with its reason. What start returns is called then, so
 * that nothing of what was waited for stays behind.
 */
export function abortable<T>(abort: AbortSignal | undefined, start: (s: Settle<T>) => () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    if (abort?.aborted) {
      reject(abort.reason);
      return;
    }
    let cancel = () => {};
    const onAbort = () => {
      cancel();
      reject(abort?.reason);
    };
    const forget = () => abort?.removeEventListener('abort', onAbort);
    abort?.addEventListener('abort', onAbort, { once: true });
    cancel = start({
      resolve: (v) => (forget(), resolve(v)),
      reject: (e) => (forget(), reject(e)),
    });
  });
}
