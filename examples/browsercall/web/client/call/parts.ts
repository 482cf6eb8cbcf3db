// The real parts of a call in a browser.

import { Mailbox } from '../identity/mailbox.ts';
import { Conn } from '../media/conn.ts';
import type { Groups, Parts } from './ports.ts';

/** What a browser has. workerURL is where the built script of the frames' worker is. */
export function defaultParts(_workerURL: string | URL | undefined): Parts {
  return {
    mailbox: () => Mailbox.create(),
    groups: async (): Promise<Groups> => (await import('../mls/index.ts')).Group, // a chunk of its own
    frames: () => { throw new Error('no frames'); },
    conn: (o) => new Conn(o),
  };
}
