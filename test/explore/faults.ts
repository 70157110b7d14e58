/**
 * Defects as they are made: each a few words of the compiled core, and what stands in their place. The exploration must
 * find every one of them. A text that is no longer there is an error, so that no fault is tried on a core without it.
 */

import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Fault {
  readonly name: string
  readonly about: string
  /** Of the compiled sources, below src/. */
  readonly file: string
  readonly text: string
  readonly instead: string
}

export const FAULTS: readonly Fault[] = [
  {
    name: 'acknowledges-past-a-hole',
    about: 'what lies beyond a gap is acknowledged as if the gap were filled',
    file: 'tcp/text-arrives.js',
    text: 'if (advance === 0) {',
    instead: 'if (advance === 0) { rcv.nxt = (start + length) | 0;',
  },
  {
    name: 'loses-text-of-a-fin',
    about: 'the text of a segment that carries FIN is thrown away, and the FIN taken where the text began',
    file: 'tcp/text-arrives.js',
    text: 'noteFin(tcb, end, edge);',
    instead: '{ noteFin(tcb, start, edge); end = start; }',
  },
  {
    name: 'takes-fin-before-the-hole',
    about: 'a FIN counts as soon as it is seen, whatever is missing before it',
    file: 'tcp/text-arrives.js',
    text: 'if (!rcv.finSeen || rcv.nxt !== rcv.fin)',
    instead: 'if (!rcv.finSeen || seqGT(rcv.nxt, rcv.fin))',
  },
  {
    name: 'delivers-duplicates',
    about: 'octets that were received before are taken for the next ones',
    file: 'tcp/text-arrives.js',
    text: 'from += (rcv.nxt - start) | 0;',
    instead: 'end = (end + rcv.nxt - start) | 0;',
  },
  {
    name: 'sends-beyond-the-window',
    about: 'the window of the other side is not held against what is sent',
    file: 'tcp/output.js',
    text: 'const usable = snd.wnd - flight;',
    instead: 'const usable = 1000;',
  },
  {
    name: 'never-repeats-a-fin',
    about: 'what is sent again is sent without the FIN that stood behind it',
    file: 'tcp/output.js',
    text: 'probe ? 1 : tcb.mss)), finSent(tcb));',
    instead: 'probe ? 1 : tcb.mss)), false);',
  },
  {
    name: 'stops-before-the-fin',
    about: 'SND.UNA is not advanced over a FIN that was acknowledged',
    file: 'tcp/ack-arrives.js',
    text: 'snd.una = seg.ack;',
    instead: 'snd.una = finSent(tcb) && seg.ack === snd.nxt ? snd.end : seg.ack;',
  },
  {
    name: 'never-probes',
    about: 'no persist timer: where the update that opens the window is lost, both sides wait',
    file: 'tcp/output.js',
    text: 'if (timers.retransmission !== NEVER)\n            return;\n        timers.retransmission = clock.now + tcb.rtt.rtoUs;',
    instead: '',
  },
  {
    name: 'compares-unsigned',
    about: 'sequence numbers are compared as plain unsigned numbers, which is wrong where they wrap',
    file: 'wire/seq.js',
    text: 'export function seqLT(a, b) {\n    return',
    instead: 'export function seqLT(a, b) {\n    return (a >>> 0) < (b >>> 0);',
  },
  {
    name: 'deaf-in-time-wait',
    about: 'a FIN that comes again in TIME-WAIT is not acknowledged again',
    file: 'tcp/acceptance.js',
    text: "oweAck(tcb, 'time-wait-ack');",
    instead: '',
  },
  {
    name: 'forgets-the-delayed-ack',
    about: 'the delayed-ACK timer expires and nothing is acknowledged',
    file: 'tcp/timeouts.js',
    text: "oweAck(tcb, 'delayed-ack');",
    instead: '',
  },
  {
    name: 'answers-every-ack',
    about: 'an acknowledgment is acknowledged: two such sides never stop',
    file: 'tcp/text-arrives.js',
    text: 'if (seg.textLength === 0 && !hasFin)\n        return;',
    instead: "if (seg.textLength === 0 && !hasFin)\n        return oweAck(tcb, 'unacceptable-ack');",
  },
  {
    name: 'repeats-the-wrong-octets',
    about: 'the send buffer forgets how many octets were acknowledged, and repeats from where it began',
    file: 'storage/send-buffer.js',
    text: 'this.#head = (this.#head + n) & (this.#ring.length - 1);',
    instead: '',
  },
  {
    name: 'never-starts-the-timer-again',
    about: 'after a part was acknowledged the rest is outstanding without a timer',
    file: 'tcp/ack-arrives.js',
    text: 'tcb.timers.retransmission = now + tcb.rtt.rtoUs;',
    instead: 'tcb.timers.retransmission = NEVER;',
  },
  {
    name: 'counts-a-fin-for-nothing',
    about: 'the FIN of the other side is taken and not acknowledged',
    file: 'tcp/text-arrives.js',
    text: 'rcv.nxt = (rcv.nxt + 1) | 0;',
    instead: '',
  },
  {
    name: 'confuses-simultaneous-opens',
    about: 'a SYN that crosses ours is taken for an answer to it',
    file: 'tcp/handshake.js',
    text: "enterState(tcb, SYN_RECEIVED, 'syn');\n        tcb.owed.retransmit = 'syn-ack';",
    instead: "enterEstablished(tcb, 'syn-ack');\n        oweAck(tcb, 'handshake-ack');",
  },
  {
    name: 'keeps-urgent-to-itself',
    about: 'urgent octets are sent without URG',
    file: 'tcp/output.js',
    text: 'if (snd.urgent && seqGT(snd.up, seq))',
    instead: 'if (false)',
  },
  {
    name: 'writes-over-what-waits',
    about: 'text in order is put where text from behind a gap already stands',
    file: 'storage/receive-buffer.js',
    text: 'if (this.#assembler.count > 0 || offset > 0)',
    instead: 'if (offset > 0)',
  },
  {
    name: 'repeats-what-was-acknowledged',
    about: 'what a timeout took for lost is not shortened by what is acknowledged after it',
    file: 'tcp/ack-arrives.js',
    text: 'if (seqLT(lost.next, snd.una))',
    instead: 'if (false)',
  },
  {
    name: 'takes-new-timestamps-for-old',
    about: 'PAWS with its comparison turned round',
    file: 'tcp/acceptance.js',
    text: '!seqLT(seg.tsVal, tcb.tsRecent)',
    instead: '!seqLT(tcb.tsRecent, seg.tsVal)',
  },
  {
    name: 'ignores-a-reset',
    about: 'a reset at RCV.NXT ends nothing',
    file: 'tcp/acceptance.js',
    text: "enterClosed(tcb, 'rst', 'reset-by-peer');",
    instead: '{}',
  },
]

const ROOMS = ['bytes', 'wire', 'storage', 'recovery', 'trace', 'capture', 'tcp', 'stack', 'sim', 'explore']

/**
 * Copies what the exploration needs of the compiled sources to `target`, with the fault in it.
 *
 * @param dist the folder with `src/`.
 */
export function seedFault(fault: Fault, dist: string, target: string): void {
  const path = join(dist, 'src', fault.file)
  const whole = readFileSync(path, 'utf8')
  const found = whole.split(fault.text).length - 1
  assert.equal(found, 1, `${fault.name}: its text stands ${found} times in ${fault.file}`)
  mkdirSync(target, { recursive: true })
  for (const room of ROOMS) {
    const from = join(dist, 'src', room)
    cpSync(from, join(target, 'src', room), {
      recursive: true,
      filter: (file) => !/\.(map|d\.ts)$/.test(file),
    })
  }
  writeFileSync(join(target, 'package.json'), '{"type":"module"}')
  writeFileSync(join(target, 'src', fault.file), whole.replace(fault.text, fault.instead))
}
