/** The one IndexedDB database: identities' key handles, and contacts. */
import { Refused } from './errors.ts';

/** Stores of the database; keys are names that the program gives. */
export const identityStore = 'identities';
export const contactStore = 'contacts';

const databaseName = 'sotto';
const databaseVersion = 1;

/** What is asked of the database. Every rejection is Refused 'storage'. */
export interface Database {
  /** What is stored under a name; undefined: nothing. */
  get(store: string, name: string): Promise<unknown>;
  /** Stores under a name that is free. */
  insert(store: string, name: string, value: unknown): Promise<void>;
  /** Replaces what is stored by what f makes of it, with no other change between. What f throws changes nothing. */
  update(store: string, name: string, f: (value: unknown) => unknown): Promise<void>;
}

let opening: Promise<Database> | undefined;

/** Opens the database, once for the page; after a failure it is tried again. */
export function database(): Promise<Database> {
  opening ??= open().catch((e: unknown) => {
    opening = undefined;
    throw asRefused(e);
  });
  return opening;
}

/** Where the site may store nothing, browsers throw already when they are asked to open it, or when it is named. */
async function open(): Promise<Database> {
  if (typeof indexedDB === 'undefined') throw new Refused('storage', 'no IndexedDB here');
  const request = indexedDB.open(databaseName, databaseVersion);
  request.onupgradeneeded = () => {
    for (const store of [identityStore, contactStore]) {
      if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store);
    }
  };
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(refused(request.error));
    request.onblocked = () => reject(new Refused('storage', 'another tab holds an older version open: close it'));
    request.onsuccess = () => resolve(connect(request.result));
  });
}

function connect(db: IDBDatabase): Database {
  // Another tab wants to change or delete the database: do not stand in its way.
  const forget = (): void => {
    db.close();
    opening = undefined;
  };
  db.onversionchange = forget;
  db.onclose = forget;
  return {
    get: (store, name) => transact(db, store, 'readonly', (s, done) => {
      const r = s.get(name);
      r.onsuccess = () => done(r.result);
    }),
    insert: async (store, name, value) => {
      await transact(db, store, 'readwrite', (s) => s.add(value, name));
    },
    update: async (store, name, f) => {
      await transact(db, store, 'readwrite', (s, _, fail) => {
        const r = s.get(name);
        r.onsuccess = () => {
          try {
            s.put(f(r.result), name);
          } catch (e) {
            fail(e);
          }
        };
      });
    },
  };
}

type Work = (store: IDBObjectStore, done: (result: unknown) => void, fail: (e: unknown) => void) => void;

/** Runs one transaction; it has happened, whole, when this resolves. */
function transact(db: IDBDatabase, store: string, mode: IDBTransactionMode, work: Work): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const t = db.transaction(store, mode, { durability: 'strict' });
    let result: unknown;
    let cause: unknown;
    t.oncomplete = () => resolve(result);
    t.onabort = () => reject(cause ?? refused(t.error));
    const fail = (e: unknown): void => {
      cause = e;
      t.abort();
    };
    work(t.objectStore(store), (r) => (result = r), fail);
  }).catch((e: unknown) => {
    throw asRefused(e);
  });
}

function asRefused(e: unknown): unknown {
  return e instanceof DOMException ? refused(e) : e;
}

function refused(e: DOMException | null): Refused {
  return new Refused('storage', e?.name);
}
