/** The scripts of a page that can call either way. */
export const scripts = {
  'page.js': 'compare_page.ts', 'bare.js': 'bare.ts', 'sealed.js': 'compare_sealed.ts', 'worker.js': '../client/frames/worker.ts',
};

/** A call is not taken in the moment in which it rings, but by a person: milliseconds. */
const thought = 500;
const think = () => new Promise((done) => { setTimeout(done, thought); });

/** Rings a new page by plain WebRTC; it takes the call. Gives the page, and the milliseconds from accept to a picture. */
export async function bareCall(harness, browser, program, url) {
  const page = await harness.open(browser);
  await page.evaluate(() => window.bench.load('/bare.js'));
  await page.evaluate((at) => window.bare.open(at), url);
  await think();
  const ms = await page.evaluate(() => window.bare.accept());
  return { page, ms };
}

/** The same by the SDK. The page is a new contact at first. */
export async function sealedCall(harness, browser, program, relay, codecs) {
  const page = await harness.open(browser);
  await page.evaluate(() => window.bench.load('/sealed.js'));
  program.say({ do: 'invite' });
  const { uri } = await program.want('invitation', (e) => e.event === 'invitation');
  const name = await page.evaluate(([at, inv, c]) => window.sealed.open(at, inv, c), [relay, uri, codecs]);
  program.say({ do: 'ring', name });
  await program.want('ringing', (e) => e.event === 'ringing');
  await think();
  const ms = await page.evaluate(() => window.sealed.accept());
  return { page, ms };
}
