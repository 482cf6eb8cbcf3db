/** The entry of the frame worker: one for a call, dedicated, started by FrameWorker. */
import { Desk } from './desk.ts';
import type { Request } from './messages.ts';
import { rehearseFrames } from './rehearse.ts';
import type { Transformer } from './transform.ts';

/** A dedicated worker's global scope, as far as it is used; TypeScript's DOM library describes the page's. */
interface WorkerScope {
  postMessage(m: unknown): void;
  onmessage: ((e: { data: Request }) => void) | null;
  onrtctransform: ((e: { transformer: Transformer & { options: unknown } }) => void) | null;
}

const scope = globalThis as unknown as WorkerScope;
const desk = new Desk((m) => scope.postMessage(m));
scope.onmessage = (e) => desk.handle(e.data);
scope.onrtctransform = (e) => desk.transform(e.transformer, e.transformer.options);
rehearseFrames(); // while it rings
