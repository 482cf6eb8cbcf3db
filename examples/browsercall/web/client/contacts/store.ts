/** Where contacts are kept. */
import { contactStore, database } from '../identity/database.ts';

/** The rows of one identity's contacts. */
export type Rows = readonly Uint8Array[];

/** Keeps the rows of one store; what is kept is read and written whole. */
export interface ContactStore {
  /** What is kept; undefined: nothing yet. */
  read(): Promise<Rows | undefined>;
  /** Replaces it by what f makes of it, with no other change between. What f throws changes nothing and is rejected. */
  update(f: (rows: Rows | undefined) => Rows): Promise<void>;
  /** Calls f when another user of the same store, as in another tab, has changed it. It gives what ends that. */
  watch(f: () => void): () => void;
}

/** Keeps contacts for as long as the page lives. */
export class MemoryStore implements ContactStore {
  private rows: Rows | undefined;

  async read(): Promise<Rows | undefined> {
    return this.rows;
  }

  async update(f: (rows: Rows | undefined) => Rows): Promise<void> {
    this.rows = f(this.rows);
  }

  watch(): () => void {
    return () => undefined;
  }
}

/**
 * Keeps contacts in this browser, under a name. They are not sealed: who can read the browser's files has the
 * identity's keys beside them.
 */
export class BrowserStore implements ContactStore {
  private readonly name: string;
  private channel: BroadcastChannel | undefined;

  constructor(name: string) {
    this.name = name;
    this.channel = new BroadcastChannel(`sotto contacts ${name}`);
  }

  async read(): Promise<Rows | undefined> {
    const db = await database();
    return (await db.get(contactStore, this.name)) as Rows | undefined;
  }

  async update(f: (rows: Rows | undefined) => Rows): Promise<void> {
    const db = await database();
    await db.update(contactStore, this.name, (rows) => f(rows as Rows | undefined));
    this.channel?.postMessage(null);
  }

  watch(f: () => void): () => void {
    const { channel } = this;
    if (channel) channel.onmessage = f;
    return () => {
      channel?.close();
      this.channel = undefined;
    };
  }
}
