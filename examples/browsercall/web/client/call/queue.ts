// Values that wait for one who takes them.

/** A first-in-first-out queue without a limit: whoever puts from outside of this program bounds what it puts. */
export class Queue<T> implements AsyncIterable<T> {
  #items: T[] = [];
  #ended = false;
  #wake: (() => void) | undefined;
  #ready: Promise<void> | undefined;

  get length(): number {
    return this.#items.length;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Adds a value; false if the queue has ended. */
  put(v: T): boolean {
    if (this.#ended) return false;
    this.#items.push(v);
    this.#notify();
    return true;
  }

  /** Lets nothing more in. What waits can still be taken. */
  end(): void {
    this.#ended = true;
    this.#notify();
  }

  /** The next value, if there is one. */
  take(): T | undefined {
    return this.#items.shift();
  }

  /** Settles when there is a value to take, or the queue has ended. */
  ready(): Promise<void> {
    if (this.#items.length > 0 || this.#ended) return Promise.resolve();
    this.#ready ??= new Promise((resolve) => {
      this.#wake = resolve;
    });
    return this.#ready;
  }

  /** Yields values until the queue has ended and is empty. Several consumers share the values. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      await this.ready();
      while (this.#items.length > 0) yield this.#items.shift() as T;
      if (this.#ended) return;
    }
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
    this.#ready = undefined;
  }
}
