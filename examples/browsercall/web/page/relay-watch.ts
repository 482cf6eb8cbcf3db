/** Whether the relay beside this page answers. Calls that are up need none, new ones do. */

/** Milliseconds between questions, and how many in a row must fail. */
const interval = 10_000;
const misses = 2;

/** Asks the relay now and then while the page is seen, and says when the answer changes. It returns what ends it. */
export function watchRelay(changed: (reached: boolean) => void): () => void {
  let failed = 0;
  let reached = true;
  const note = (ok: boolean): void => {
    failed = ok ? 0 : failed + 1;
    const now = failed < misses;
    if (now !== reached) changed(now);
    reached = now;
  };
  const ask = async (): Promise<void> => {
    if (document.hidden) return;
    note(await answers());
  };
  const timer = setInterval(() => void ask(), interval);
  const offline = (): void => {
    failed = misses;
    note(false);
  };
  const online = (): void => void ask();
  addEventListener('offline', offline);
  addEventListener('online', online);
  return () => {
    clearInterval(timer);
    removeEventListener('offline', offline);
    removeEventListener('online', online);
  };
}

async function answers(): Promise<boolean> {
  try {
    return (await fetch('./healthz', { cache: 'no-store', signal: AbortSignal.timeout(interval / 2) })).ok;
  } catch {
    return false;
  }
}
