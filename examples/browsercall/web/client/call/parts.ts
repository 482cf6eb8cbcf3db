// The real parts of a call in a browser.

import { FrameWorker } from '../frames/control.ts';
import { Mailbox } from '../identity/mailbox.ts';
import { makeCertificate } from '../media/certificate.ts';
import { Conn } from '../media/conn.ts';
import { losesEarlyMedia } from '../media/early.ts';
import type { Groups, Parts } from './ports.ts';

/** What a browser has. workerURL is where the built script of the frames' worker is. */
export function defaultParts(workerURL: string | URL | undefined): Parts {
  return {
    mailbox: () => Mailbox.create(),
    groups: async (): Promise<Groups> => (await import('../mls/index.ts')).Group, // a chunk of its own
    frames: () => new FrameWorker(workerURL ?? ''),
    conn: (o) => new Conn(o),
    certificate: makeCertificate,
    late: losesEarlyMedia(),
  };
}
