/** Whether the relay is reached. Calls that are up need none, new ones do. */
import type { Relay } from '../client/index.ts';

/** How long a connection may take to come back before it is worth a word, in milliseconds. */
export const grace = 2000;

/** What is watched: the page's own connection. */
export type Watched = Pick<Relay, 'state' | 'addEventListener'>;

/**
 * Says when the relay is not reached any more, and when it is again. A connection that comes back soon is not told;
 * a device without a network is, at once. For the life of the page.
 */
export function watchRelay(relay: Watched, changed: (reached: boolean) => void): void {
  let reached = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (now: boolean): void => {
    clearTimeout(timer);
    timer = undefined;
    if (now !== reached) changed(now);
    reached = now;
  };
  const look = (): void => {
    if (relay.state === 'connected') tell(true);
    else timer ??= setTimeout(() => tell(false), grace);
  };
  relay.addEventListener('statechange', look);
  addEventListener('offline', () => tell(false));
  addEventListener('online', look);
  look();
}
