// The group of a call: made, joined, and renewed.

import { hex } from '../bytes.ts';
import { emoji } from '../identity/emoji.ts';
import { addAll, trickle } from './candidates.ts';
import { inCall } from './control.ts';
import type { Participant } from './event.ts';
import type { Hash } from './input.ts';
import { WorkerError } from './keys.ts';
import type { Loop } from './loop.ts';
import { AuthError, EndReason } from './reason.ts';
import { handshake } from './send.ts';

/**
 * Commits are taken no faster than this, in milliseconds, and so many at once. Each is new keys, an event, and a trace of
 * the keys that is kept for the call; the committer repeats what was left out each second.
 */
const commitPause = 250;
const commitBurst = 8;

/**
 * Where a message of a call's group says that it is a Commit, and how: after version, form, the name of the group with
 * its length, and the epoch (RFC 9420, section 6.3). One that lies does not open.
 */
const typeAt = 2 + 2 + 33 + 8;
const commitType = 3;

/** Why a call ends that has no keys: the other side's are not good, or ours could not be handed to the worker. */
function blame(e: unknown): EndReason {
  return e instanceof WorkerError ? EndReason.MediaFailed : EndReason.AuthFailed;
}

/** Caller: answers the Accept that counts. */
export async function makeGroup(l: Loop, accept: Hash): Promise<void> {
  const a = l.accept;
  try {
    if (!a || hex(a.hash) !== accept) throw new AuthError();
    await l.keys.found(a);
    grouped(l, a.body.nonce);
  } catch (e) {
    l.fail(blame(e), e);
  }
}

/** Callee: takes the Welcome that counts. */
export async function join(l: Loop, welcome: Hash): Promise<void> {
  const w = l.welcome;
  try {
    if (!w || hex(w.hash) !== welcome) throw new AuthError();
    await l.keys.joined(w);
    grouped(l, w.body.nonce);
  } catch (e) {
    return l.fail(blame(e), e);
  }
  addAll(l, w.body.candidates);
  await trickle(l);
  const early = l.early;
  l.early = [];
  for (const b of early) await groupMessage(l, b);
}

/** Publishes who is in the group, and the emoji. */
function grouped(l: Loop, theirNonce: Uint8Array): void {
  l.feed(l.keys.epoch());
  const pictures = emoji(l.keys.sas(theirNonce));
  const members = roster(l);
  l.call.keyed(pictures, members, l.keys.epoch().epoch);
  for (const participant of members) {
    if (!participant.self) l.emit({ type: 'participantJoined', participant, emoji: pictures });
  }
}

function roster(l: Loop): Participant[] {
  const members = l.keys.group?.members() ?? [];
  return members.map(({ leaf, id }) => {
    const self = leaf === l.keys.ownLeaf;
    const known = self ? undefined : l.context.settings.contacts.get(id);
    const p = { id, leaf, name: known?.name ?? '', self };
    return known?.verified ? { ...p, verified: known.verified } : p;
  });
}

/** Takes an MLS message: something said in the call, a proposal, or a commit. */
export async function groupMessage(l: Loop, message: Uint8Array): Promise<void> {
  const g = l.keys.group;
  if (!g || l.end || (message[typeAt] === commitType && !paced(l))) return l.drop();
  let done;
  try {
    done = await g.handle(message);
  } catch {
    return l.drop();
  }
  switch (done.kind) {
    case 'application':
      if (done.leaf !== l.keys.theirLeaf) return l.drop();
      return inCall(l, done.data).catch(() => l.drop());
    case 'proposal':
      if (l.keys.role !== 'caller') return l.drop();
      return l.step({ is: 'renew' }); // the Commit takes up the other side's Update
    case 'commit':
      return newEpoch(l);
  }
}

/** Says whether one more Commit of the other side may be taken now. */
function paced(l: Loop): boolean {
  const now = performance.now();
  const due = Math.max(l.control.commits, now - (commitBurst - 1) * commitPause);
  if (due > now) return false;
  l.control.commits = due + commitPause;
  return true;
}

/** Installs the receive keys of an epoch before anybody hears of it. */
async function newEpoch(l: Loop): Promise<void> {
  try {
    await l.keys.install();
  } catch (cause) {
    return l.step({ is: 'fault', reason: blame(cause), cause });
  }
  await l.step(l.keys.epoch());
}

/**
 * Starts a new epoch. Our receive keys of it are installed before the Commit leaves; we go on sending with the old ones
 * until the other side has acknowledged, or for a second.
 */
export async function commit(l: Loop): Promise<void> {
  const g = l.keys.group;
  if (!g) return;
  let message: Uint8Array;
  try {
    message = await g.commit();
  } catch (e) {
    return l.context.settings.log('new keys could not be made', e);
  }
  try {
    await l.keys.install();
  } catch (e) {
    return l.fail(blame(e), e);
  }
  l.keys.committed = message;
  await handshake(l, message);
  l.feed(l.keys.epoch());
}

/** Sends the last Commit once more. */
export async function recommit(l: Loop): Promise<void> {
  if (l.keys.committed) await handshake(l, l.keys.committed);
}

/** Asks the committer for new keys. */
export async function update(l: Loop): Promise<void> {
  try {
    const proposal = await l.keys.group?.proposeUpdate();
    if (proposal) await handshake(l, proposal, true);
  } catch (e) {
    l.context.settings.log('new keys could not be asked for', e);
  }
}

/** Seals with the keys of this epoch from now on. */
export async function switchTo(l: Loop, epoch: number): Promise<void> {
  try {
    await l.keys.switchSend(epoch);
  } catch (e) {
    return l.fail(blame(e), e);
  }
  // Both sides want a picture that needs no earlier one; the worker asks for theirs.
  if (l.flowing) l.connection.forceKeyFrames().catch(() => undefined); // one that fails comes later
  if (epoch > l.call.epoch) {
    l.call.epoch = epoch;
    l.tell({ type: 'keysChanged', epoch });
  }
}
