import { bareCall, scripts, sealedCall } from './compare_calls.mjs';
import { GoProgram } from './compare_go.mjs';
import { Harness } from './harness.mjs';
const [harness, bare, sealed] = await Promise.all([Harness.start(scripts), GoProgram.start('bare'), GoProgram.start('sealed')]);
const { url } = await bare.want('address', (e) => e.url);
const { relay } = await sealed.want('relay', (e) => e.event === 'ready');
const open = harness.open.bind(harness);
harness.open = async (n) => { const p = await open(n); p.on('console', (m) => console.log('   ', m.text())); return p; };
const b = process.argv[2];
for (let i = 0; i < 2; i++) {
  const x = await bareCall(harness, b, bare, url); console.log('bare', x.ms); await x.page.close();
  const y = await sealedCall(harness, b, sealed, relay); console.log('sealed', y.ms);
  sealed.say({ do: 'hangup' }); await sealed.want('end', (e) => e.event === 'ended'); await y.page.close();
}
await Promise.all([harness.stop(), bare.stop(), sealed.stop()]);
