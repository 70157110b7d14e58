/** Each event of a run in one line of words, for a list to read along with the pictures. */

import type { TraceEvent } from '../trace/events.ts'
import { CLOSE_REASONS, DROP_REASONS, SEND_REASONS } from '../trace/reasons.ts'
import { type SequenceBase, tcpdumpSegmentText } from '../trace/segment-text.ts'
import { UNBOUNDED } from './variables.ts'

export interface EventWords {
  /** What kind of thing it is, in a word or two. */
  readonly kind: string
  readonly text: string
  /** Why: the reason in a sentence; '' where nothing is to be said. */
  readonly why: string
}

/** @param base what is subtracted from the sequence numbers of a segment. */
export function eventWords(event: TraceEvent, base: SequenceBase = { seq: 0, ack: 0 }): EventWords {
  switch (event.kind) {
    case 'sent':
      return words('sent', tcpdumpSegmentText(event.segment, base), SEND_REASONS[event.reason])
    case 'received':
      return words('received', tcpdumpSegmentText(event.segment, base))
    case 'dropped':
      return words('not used', event.reason, DROP_REASONS[event.reason])
    case 'state':
      return words('state', `${event.from} → ${event.to}`, event.cause)
    case 'call':
      return words('call', callText(event))
    case 'signal':
      return words('signal', event.signal, event.reason === undefined ? '' : CLOSE_REASONS[event.reason])
    case 'timer':
      return words('timer', timerText(event))
    case 'recovery':
      return words('recovery', recoveryText(event))
    case 'network':
      return words('network', `packet ${event.packet} ${NETWORK_WORDS[event.action]}`)
    default:
      return words(event.kind === 'application' ? 'program' : event.kind, event.text)
  }
}

function words(kind: string, text: string, why = ''): EventWords {
  return { kind, text, why }
}

type Of<K extends TraceEvent['kind']> = Extract<TraceEvent, { kind: K }>

function callText({ call, octets, detail }: Of<'call'>): string {
  const inner = [octets === undefined ? '' : `${octets}`, detail ?? ''].filter((part) => part !== '')
  return `${call.toUpperCase()}(${inner.join(', ')})`
}

function timerText({ timer, action, inUs }: Of<'timer'>): string {
  return inUs === undefined ? `${timer} ${action}` : `${timer} ${action}, ${inUs / 1000} ms`
}

function recoveryText({ phase, cwnd, ssthresh, flight }: Of<'recovery'>): string {
  const threshold = ssthresh === UNBOUNDED ? 'none yet' : ssthresh
  return `${phase}: cwnd ${cwnd}, ssthresh ${threshold}, in flight ${flight}`
}

const NETWORK_WORDS: Readonly<Record<Of<'network'>['action'], string>> = {
  lost: 'is lost',
  duplicated: 'is duplicated',
  reordered: 'is held back, others may pass',
  corrupted: 'is damaged',
  delayed: 'is held back',
  'too-big': 'is too big for the path',
  'queue-full': 'finds the queue full and is dropped',
  forged: 'is forged: no host sent it',
}
