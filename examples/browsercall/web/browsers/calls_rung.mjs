import { Person } from './calls_person.mjs';
import { GoProgram } from './compare_go.mjs';

/**
 * A Go program rings a page that has no buttons, and may accept. Then f is called with the program and whoever is
 * at the page; the program ends with it. codecs are those of the page, if not all; send is what the program sends, if not
 * both.
 */
export async function rung(harness, browser, args, f, { codecs, send } = {}) {
  const program = await GoProgram.start('sealed', args);
  try {
    const { relay } = await program.want('relay', (e) => e.event === 'ready');
    const me = await Person.open(harness, browser);
    await me.page.evaluate(() => window.bench.load('/sealed.js'));
    program.say({ do: 'invite' });
    const { uri } = await program.want('invitation', (e) => e.event === 'invitation');
    const name = await me.page.evaluate(([at, inv, c]) => window.sealed.open(at, inv, c), [relay, uri, codecs]);
    program.say({ do: 'ring', name, send });
    await program.want('ringing', (e) => e.event === 'ringing');
    await f(program, me);
  } finally {
    await program.stop();
  }
}

/** What the page receives of a kind: the row of it, and its codec. */
export async function received(me, kind) {
  const rows = await me.stats('inbound-rtp', 'codec');
  const row = rows.find((r) => r.type === 'inbound-rtp' && r.kind === kind);
  return { ...row, codec: rows.find((r) => r.id === row?.codecId)?.mimeType };
}
