// What a call does one after another beside its loop.

import { Queue } from './queue.ts';

/** What the other side can make wait here, at most. */
export const maxJobs = 64;

/**
 * Carries out, in order, what may take its time: the steps of the connection's negotiation, and the application's
 * consent to them. A job reports to the loop by itself; one that throws ends the call.
 */
export class Jobs {
  /** Settles when no job runs or will run. Never rejects. */
  readonly done: Promise<void>;
  readonly #queue = new Queue<() => Promise<void>>();
  readonly #failed: (error: unknown) => void;
  #dropped = false;

  /** failed hears of a job that threw. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
    this.done = this.#run();
  }

  get length(): number {
    return this.#queue.length;
  }

  do(job: () => Promise<void>): void {
    this.#queue.put(job);
  }

  /** Drops what waits; the job that runs ends by itself. */
  end(): void {
    this.#dropped = true;
    this.#queue.end();
  }

  async #run(): Promise<void> {
    for await (const job of this.#queue) {
      if (this.#dropped) continue;
      try {
        await job();
      } catch (e) {
        this.#failed(e);
      }
    }
  }
}
