import { Harness } from './harness.mjs';
import { Person } from './calls_person.mjs';
import { Program } from './calls_bot.mjs';
import { until } from './ends.mjs';
const t0=Date.now(); const L=(...a)=>console.log(((Date.now()-t0)/1000).toFixed(1),...a);
const gathered = () => {
  window.gathered = [];
  const Own = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Own {
    constructor(...args) {
      super(...args);
      window.gathered.push(performance.now().toFixed(0)+' '+JSON.stringify(args));
      this.addEventListener('icecandidate', (e) => window.gathered.push(performance.now().toFixed(0)+' '+e.candidate?.candidate));
      this.addEventListener('iceconnectionstatechange', (e) => window.gathered.push(performance.now().toFixed(0)+' '+this.iceConnectionState));
      this.addEventListener('icecandidateerror', (e) => window.gathered.push(performance.now().toFixed(0)+' '+e.errorCode+' '+e.errorText+' '+e.url));
    }
    addIceCandidate(c){ window.gathered.push(performance.now().toFixed(0)+' add '+JSON.stringify(c)); return super.addIceCandidate(c); }
  };
};
const [h,p]=await Promise.all([Harness.start({}),Program.build()]);
const bot=await p.bot('-mode','echo');
const me=await Person.open(h,process.argv[2],(await bot.want('invitation')).url.replace('/#', '/?relay-only#'),gathered);
await me.call();
await me.state('connected',15000).catch(e=>L(String(e)));
const rows=await me.page.evaluate(async()=>{const r=await window.probe.stats('transport','candidate-pair','local-candidate','remote-candidate'); return r.map(x=>JSON.stringify(x))});
L(await me.page.evaluate(()=>window.gathered));
L(rows.join('\n'));
await me.press('hangup').catch(()=>{});
L(bot.told.slice(-3));
await h.stop(); await p.stop();
