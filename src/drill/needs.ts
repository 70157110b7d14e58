/** What a script needs that Elko does not have yet, as far as the script itself shows it. */

import { AE, CWR, ECE, SYN } from '../wire/segment.ts'
import { KIND_ACCECN0, KIND_ACCECN1 } from '../wire/tcp-options.ts'
import type { CallAction, Expression, IpSpec, PacketAction, Place, Script, ScriptEvent } from './script.ts'

export const NEEDS_SACK = 'selective acknowledgment'
export const NEEDS_FAST_OPEN = 'TCP Fast Open'
export const NEEDS_ECN = 'explicit congestion notification'
export const NEEDS_CUBIC = 'CUBIC (RFC 9438)'
export const NEEDS_MD5 = 'the MD5 option of TCP (RFC 2385)'

const NEEDS_ZERO_COPY = 'sending without a copy (MSG_ZEROCOPY)'

export interface Need {
  readonly reason: string
  readonly place: Place
}

/** What the events up to and including the one at `place` need: the last of them first. null: nothing that shows. */
export function needOf(script: Script, place: Place): Need | null {
  const until = script.events.findIndex((event) => event.place === place)
  const events = script.events.slice(0, until < 0 ? script.events.length : until + 1)
  for (const event of events.reverse()) {
    const reason = needOfEvent(event)
    if (reason !== null) return { reason, place: event.place }
  }
  return null
}

/** Ways of recovery that scripts name in the comment over the event that shows them. */
const RECOVERIES: readonly (readonly [RegExp, string])[] = [
  [/\bTLP\b|tail loss probe/i, 'tail loss probes (RFC 8985 7)'],
  [/\bRACK\b/, 'loss detection by time (RFC 8985)'],
  [/\bPRR\b/, 'proportional rate reduction (RFC 6937)'],
  [/\bF-?RTO\b/i, 'detection of spurious timeouts (RFC 5682)'],
  [/\bTSO\b.*\bdefer|\bFQ\b|\bpac(ed|ing)\b/i, 'pacing'],
]

/** What the comment right above an event says that it waits for; null: nothing that Elko does not have. */
export function needInComment(text: string, place: Place): Need | null {
  const lines = text.split('\n')
  for (let line = place.line - 2; line >= 0 && /^\s*\/\//.test(lines[line]!); line--) {
    for (const [pattern, reason] of RECOVERIES) if (pattern.test(lines[line]!)) return { reason, place }
  }
  return null
}

/**
 * Scripts that name CUBIC and judge the congestion window count on its growth and its cut; here it is NewReno's
 * (RFC 5681).
 */
export function needsCubic(text: string, file: string, verdictSource: string): boolean {
  return /tcpi_snd_(cwnd|ssthresh)/.test(verdictSource) && /\bcubic\b/i.test(`${text} ${file}`)
}

function needOfEvent({ action }: ScriptEvent): string | null {
  if (action.kind === 'packet') return needOfPacket(action)
  return action.kind === 'call' ? needOfCall(action) : null
}

function needOfPacket({ ip, body }: PacketAction): string | null {
  if (body.kind === 'tcp') {
    for (const option of body.options ?? []) {
      if (option.kind === 'sack') return NEEDS_SACK
      if (option.kind === 'FO') return NEEDS_FAST_OPEN
      if (option.kind === 'md5') return NEEDS_MD5
      if (option.kind === 'other' && (option.number === KIND_ACCECN0 || option.number === KIND_ACCECN1))
        return NEEDS_ECN
    }
    if ((body.flags.bits & (ECE | CWR | AE)) !== 0) return NEEDS_ECN
  }
  return isMarked(ip) ? NEEDS_ECN : null
}

function isMarked({ ecn }: IpSpec): boolean {
  return ecn !== null && ecn !== 'noecn'
}

function needOfCall({ args }: CallAction): string | null {
  if (args.some((one) => names(one, /^(MSG_FASTOPEN|TCP_FASTOPEN\w*)$/))) return NEEDS_FAST_OPEN
  if (args.some((one) => names(one, /^(MSG|SO)_ZEROCOPY$/))) return NEEDS_ZERO_COPY
  return args.some((one) => names(one, /^TCP_MD5SIG/)) ? NEEDS_MD5 : null
}

/** Whether a symbol of this form stands in an expression. */
function names(expression: Expression, pattern: RegExp): boolean {
  switch (expression.kind) {
    case 'symbol':
      return pattern.test(expression.name)
    case 'or':
      return expression.operands.some((one) => names(one, pattern))
    case 'list':
      return expression.items.some((one) => names(one, pattern))
    case 'struct':
      return expression.fields.some(({ value }) => names(value, pattern))
    default:
      return false
  }
}

/** Commands that say how large a host's buffers are, on which its window scale rests. */
const NAMES_BUFFERS = /tcp_rmem|maxsockbuf|recvspace|defaults\.sh/

/**
 * The window scale that the script's own side offers first, where no command says how large its buffers are: it stands
 * for the memory of the host that the script was written on. null: the script names none, or says what it rests on.
 */
export function offeredScale({ init, events }: Script): number | null {
  const commands = [init, ...events.map(({ action }) => action)]
  for (const action of commands) {
    if (action !== null && action.kind === 'command' && NAMES_BUFFERS.test(action.text)) return null
  }
  for (const { action } of events) {
    if (action.kind !== 'packet' || action.direction !== 'out' || action.body.kind !== 'tcp') continue
    if ((action.body.flags.bits & SYN) === 0) continue
    const option = action.body.options?.find(({ kind }) => kind === 'wscale')
    return option?.kind === 'wscale' ? option.shift : null
  }
  return null
}
