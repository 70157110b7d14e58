/**
 * Sequence numbers as a listing prints them, to numbers as packets have them.
 *
 * tcpdump shows the first packet of a conversation that acknowledges something as it is, and counts the later ones from
 * it; with -S it shows all as they are; and an excerpt may begin anywhere. Which of the two it is shows in the second
 * packet: one of both readings continues the first. What no line says is made up, one number for each conversation.
 */

import { ACK, FIN, SYN } from '../wire/segment.ts'

/** What stands for a number that no line tells. */
const MADE_UP = 1_000_000_000
/** Conversations that are remembered; beyond that the oldest is forgotten. */
const MOST_CONVERSATIONS = 262_144

export interface PrintedNumbers {
  /** The two ends, the sender first: any texts that tell them apart. */
  readonly from: string
  readonly to: string
  readonly flags: number
  readonly seq: number | null
  readonly ack: number | null
  readonly length: number
}

/** Each an unsigned number; `edgeBase` is to be added to the edges of SACK blocks. */
export interface WholeNumbers {
  readonly seq: number
  readonly ack: number
  readonly edgeBase: number
}

interface Side {
  /** What the printed numbers of this side are counted from; null before the first of them. */
  base: number | null
  /** Behind the last octet that was sent. */
  next: number | null
}

interface Conversation {
  readonly first: Side
  readonly second: Side
  /** null until a line tells. */
  isRelative: boolean | null
}

export class TextNumbers {
  readonly #conversations = new Map<string, Conversation>()
  /** What most conversations so far have shown: above 0 that numbers are counted. One listing has one way. */
  #votes = 0

  /** @param ahead the lines that follow, as far as they are known. */
  resolve(line: PrintedNumbers, ahead: readonly PrintedNumbers[]): WholeNumbers {
    const conversation = this.#find(line)
    const [me, other] = sidesOf(conversation, line)
    const numbers =
      (line.flags & ACK) === 0
        ? withoutAck(line, me)
        : me.base === null || other.base === null
          ? this.#firstAck(line, conversation, me, other, ahead)
          : this.#laterAck(line, conversation, me, other)
    const end = (numbers.seq + occupied(line)) >>> 0
    if ((line.flags & SYN) !== 0 || me.next === null || ((end - me.next) | 0) > 0) me.next = end
    if ((line.flags & (SYN | ACK)) === SYN) other.next = null
    else if (other.next === null && (line.flags & ACK) !== 0) other.next = numbers.ack
    return numbers
  }

  #learn(conversation: Conversation, isRelative: boolean | null): void {
    conversation.isRelative = isRelative
    if (isRelative !== null) this.#votes += isRelative ? 1 : -1
  }

  /** The first of a conversation that acknowledges something, or an answer to a SYN of which no more is known. */
  #firstAck(
    line: PrintedNumbers,
    conversation: Conversation,
    me: Side,
    other: Side,
    ahead: readonly PrintedNumbers[],
  ): WholeNumbers {
    const ack = line.ack ?? 0
    const next = followingOf(line, ahead)
    if (isCountedFromUnseen(line, next, me, other)) {
      this.#learn(conversation, true)
      me.base = startedAt(me.next).base ?? MADE_UP
      other.base = startedAt(other.next).base ?? MADE_UP
      return this.#laterAck(line, conversation, me, other)
    }
    if (conversation.isRelative === null && next !== null) {
      const known = { base: line.seq, next: line.seq === null ? null : (line.seq + occupied(line)) >>> 0 }
      const acked = { base: (ack - 1) >>> 0, next: ack }
      const isBack = next.from === line.to
      this.#learn(
        conversation,
        isBack ? isRelativeLine(next, acked, known) : isRelativeLine(next, known, acked),
      )
    }
    const shown = conversation.isRelative === false ? writtenSeq(line, next) : null
    const seq = line.seq ?? me.next ?? shown ?? MADE_UP
    me.base = seq
    other.base = (ack - 1) >>> 0
    return { seq, ack, edgeBase: conversation.isRelative === false ? 0 : other.base }
  }

  #laterAck(line: PrintedNumbers, conversation: Conversation, me: Side, other: Side): WholeNumbers {
    const mine = me.base ?? 0
    const others = other.base ?? 0
    // What begins a conversation again is shown as it is, and counted from.
    if ((line.flags & SYN) !== 0) {
      const seq = line.seq ?? mine
      const ack = line.ack ?? 0
      me.base = seq
      other.base = (ack - 1) >>> 0
      other.next = ack
      return { seq, ack, edgeBase: conversation.isRelative === false ? 0 : other.base }
    }
    if (conversation.isRelative === null) this.#learn(conversation, isRelativeLine(line, me, other))
    const counts = conversation.isRelative ?? this.#votes >= 0
    const seq = line.seq === null ? (me.next ?? mine) : (line.seq + (counts ? mine : 0)) >>> 0
    const ack = ((line.ack ?? 0) + (counts ? others : 0)) >>> 0
    return { seq, ack, edgeBase: counts ? others : 0 }
  }

  #find({ from, to }: PrintedNumbers): Conversation {
    const key = keyOf(from, to)
    const known = this.#conversations.get(key)
    if (known !== undefined) return known
    if (this.#conversations.size === MOST_CONVERSATIONS) {
      for (const oldest of this.#conversations.keys()) {
        this.#conversations.delete(oldest)
        break
      }
    }
    const fresh = { first: { base: null, next: null }, second: { base: null, next: null }, isRelative: null }
    this.#conversations.set(key, fresh)
    return fresh
  }
}

function keyOf(from: string, to: string): string {
  return from < to ? `${from} ${to}` : `${to} ${from}`
}

function sidesOf({ first, second }: Conversation, { from, to }: PrintedNumbers): [me: Side, other: Side] {
  return from < to ? [first, second] : [second, first]
}

function occupied({ flags, length }: PrintedNumbers): number {
  return length + ((flags & SYN) === 0 ? 0 : 1) + ((flags & FIN) === 0 ? 0 : 1)
}

/** Shown as it is, always. */
function withoutAck(line: PrintedNumbers, me: Side): WholeNumbers {
  return { seq: line.seq ?? me.next ?? MADE_UP, ack: 0, edgeBase: 0 }
}

/** The next line of the same conversation that may count from this one. */
function followingOf(line: PrintedNumbers, ahead: readonly PrintedNumbers[]): PrintedNumbers | null {
  const key = keyOf(line.from, line.to)
  for (const later of ahead) {
    if ((later.flags & (ACK | SYN)) === ACK && keyOf(later.from, later.to) === key) return later
  }
  return null
}

/** Where no number is counted, a line that shows none of its own begins where the next one says. */
function writtenSeq(line: PrintedNumbers, next: PrintedNumbers | null): number | null {
  if (next === null) return null
  return next.from === line.from ? next.seq : next.ack
}

/** Counted from a packet that is not in the listing: near to 1, and not to where the SYNs that are seen have led. */
function isCountedFromUnseen(
  line: PrintedNumbers,
  next: PrintedNumbers | null,
  me: Side,
  other: Side,
): boolean {
  if ((line.flags & SYN) !== 0 || (me.next === null && other.next === null)) return false
  const [mine, others] = [startedAt(me.next), startedAt(other.next)]
  const own = isRelativeLine(line, mine, others)
  if (own !== null || next === null || !isSmall(line)) return own === true
  return (
    (next.from === line.from ? isRelativeLine(next, mine, others) : isRelativeLine(next, others, mine)) ===
    true
  )
}

const isSmall = ({ seq, ack }: PrintedNumbers): boolean => (seq ?? 0) < NEAR && (ack ?? 0) < NEAR

/** A side that has sent no more than its SYN, as far as is known; an unknown one makes no difference. */
function startedAt(next: number | null): Side {
  return { base: next === null ? null : (next - 1) >>> 0, next }
}

/**
 * Whether the line continues what is known when its numbers are counted, and does not when they are as they stand; null
 * where both fit, or neither does: a stray packet's numbers are near to nothing.
 */
function isRelativeLine(line: PrintedNumbers, me: Side, other: Side): boolean | null {
  const asWritten = distance(line.seq, 0, me.next) + distance(line.ack, 0, other.next)
  const counted = distance(line.seq, me.base, me.next) + distance(line.ack, other.base, other.next)
  const [near, far] = asWritten < counted ? [asWritten, counted] : [counted, asWritten]
  const isClear = near === 0 ? far > 0 : near < NEAR && far > 4 * near + 64
  return isClear ? counted < asWritten : null
}

/** Octets that a listing may pass over between two packets of a conversation. */
const NEAR = 2 ** 20

function distance(printed: number | null, base: number | null, expected: number | null): number {
  if (printed === null || base === null || expected === null) return 0
  return Math.abs((printed + base - expected) | 0)
}
