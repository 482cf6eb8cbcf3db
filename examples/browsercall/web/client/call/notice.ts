// A note that somebody was called.

import { packetTo } from './keys.ts';
import type { Loop } from './loop.ts';

/** Leaves a sealed note in the callee's mailbox that it was called: 1 kB, which its relay keeps for a week. */
export async function leaveNotice(l: Loop): Promise<void> {
  const { invites, keys, context } = l;
  if (!invites) return;
  const video = keys.invite?.media.send.video ?? false;
  const missed = { peer: keys.peer, call: keys.call, time: Date.now(), video };
  const box = await context.settings.identity.sealNotice(invites.to, missed);
  invites.courier.send({ ...packetTo(invites.to, box), notice: true });
}
