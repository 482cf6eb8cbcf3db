// Both rang at once.

import type { CallContext } from './context.ts';
import { closeTime, lastMessages, takeDown } from './finish.ts';
import type { Invitation, Loop } from './loop.ts';
import type { Transport } from './ports.ts';
import { EndReason } from './reason.ts';
import { sendCancel } from './send.ts';
import { answering } from './setup.ts';
import { reachTime } from './timer.ts';

/**
 * Makes a call that we dialled the callee's end of the other side's Invite, answered with our media: both rang at once,
 * and the other side's call has the higher id. This loop ends and another takes over; the Call stays.
 */
export async function giveWay(l: Loop, transport: Transport, invitation: Invitation): Promise<void> {
  if (l.machine.role !== 'caller' || (l.machine.state !== 'dialing' && l.machine.state !== 'ringing')) return;
  const { call, context } = l;
  l.replaced = true;
  l.stored?.(undefined);
  l.stored = undefined;
  // The other side ignores it, but its other devices must not ring on.
  const { log } = context.settings;
  await sendCancel(l, EndReason.AnsweredElsewhere, '').catch((e: unknown) => log('no Cancel was sent', e));
  try {
    context.renamed(call, invitation.message.call);
  } catch (e) {
    await takeDown(l);
    call.finished(EndReason.Closed, false, e);
    return;
  }
  takeOver(l, context, transport, invitation).catch((e: unknown) => call.finished(EndReason.MediaFailed, false, e));
}

/** Opens the callee's mailbox, which takes the network, and runs the loop that goes on. */
async function takeOver(l: Loop, context: CallContext, transport: Transport, invitation: Invitation): Promise<void> {
  const { call, media } = l;
  if (!media) throw new Error('a call was dialled without media');
  const chats = l.control.chats.splice(0); // they wait on
  await lastMessages(l, closeTime);
  await takeDown(l);
  const limit = AbortSignal.any([context.signal, call.hung, AbortSignal.timeout(reachTime)]);
  let next: Loop;
  try {
    next = await answering(context, call, transport, invitation, limit);
    call.workedBy(next);
    next.control.chats.push(...chats);
  } catch (e) {
    call.finished(call.hung.aborted ? call.hungReason : EndReason.Unreachable, false, e);
    return;
  }
  await next.run({ post: 'input', input: { is: 'start' } }, { post: 'answered', media });
}
