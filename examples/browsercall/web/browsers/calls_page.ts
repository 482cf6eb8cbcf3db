// A page without buttons, for what the page of the Go program does not offer: new keys on demand, and calls whose
// connections a test can look at. It has the package alone.
import { Client, Contacts, Identity, Invitation, Relay, type Call, type ID, type MediaOptions } from '../client/index.ts';

/** What the test asks for. */
interface Guest {
  call: Call | undefined;
  events: string[];
  /** Uses the invitation of a link, waits for its maker to confirm, and rings. */
  dial(link: string): Promise<void>;
  /** The same, but waits for the maker to ring, and accepts. */
  answer(link: string): Promise<void>;
}

const guest: Guest = {
  call: undefined,
  events: [],
  dial: async (link) => {
    const { client, maker } = await meet(link);
    begin(await client.dial(maker, await devices()));
  },
  answer: async (link) => {
    const { client } = await meet(link);
    for await (const i of client.incoming()) return begin(await i.answer(await devices()));
  },
};
(globalThis as unknown as { guest: Guest }).guest = guest;

/** Connects, uses the invitation of a link, and returns when its maker has confirmed. */
async function meet(link: string): Promise<{ client: Client; maker: ID }> {
  const invitation = Invitation.parse(link.slice(link.indexOf('#') + 1).replace(/%23([^%#]*)$/, '#$1'));
  const identity = await Identity.generate();
  const contacts = await Contacts.open(identity, 'guest');
  await contacts.setProfile({ name: 'Marchbanks', relays: [...invitation.relays] });
  const transport = await Relay.dial(invitation.relays[0]!, identity.mailbox());
  const client = new Client({ identity, contacts, transport, workerURL: '/worker.js', lan: true });
  const confirmed = new Promise<void>((done) => {
    contacts.addEventListener('change', () => {
      if (contacts.get(invitation.from)?.state === 'confirmed') done();
    });
  });
  await client.deliver(await contacts.use(invitation));
  await confirmed;
  return { client, maker: invitation.from };
}

async function devices(): Promise<MediaOptions> {
  const video = { width: 320, height: 240, frameRate: 30 };
  const made = await navigator.mediaDevices.getUserMedia({ audio: true, video });
  return { send: made.getTracks(), receive: { audio: true, video: true } };
}

function begin(call: Call): void {
  guest.call = call;
  void follow(call);
}

async function follow(call: Call): Promise<void> {
  for await (const e of call.events()) {
    guest.events.push(e.type === 'keysChanged' ? `keys ${e.epoch}` : e.type);
    if (e.type === 'trackAdded') play(e.track);
  }
}

function play(track: MediaStreamTrack): void {
  const player = document.body.appendChild(document.createElement(track.kind as 'audio' | 'video'));
  player.autoplay = true;
  player.muted = track.kind === 'video';
  player.srcObject = new MediaStream([track]);
  player.play().catch((e: unknown) => console.log(String(e)));
}
