/** The messages of a connection, numbered and joined with what answers them: what details, search and links speak of. */

import { ladderItems, type Message, messagesOf } from '../../diagram/ladder-messages.ts'
import { relativeBases } from '../../diagram/message-label.ts'
import { type LadderPair, selectEvents } from '../../trace/connections.ts'
import type { SegmentRecord, TraceEvent } from '../../trace/events.ts'
import { ACK, FIN, SYN } from '../../wire/segment.ts'
import { seqDiff } from '../../wire/seq.ts'

export interface IndexedMessage {
  readonly message: Message
  /** Its place among the messages, in the order of time. */
  readonly place: number
  /** The number of its frame in the capture, or of its packet in the run; 0: nobody numbered it. */
  readonly frame: number
  /** The place of the first one that acknowledged all of it, or -1. */
  acknowledgedBy: number
  /** The place of the latest one whose last octet it acknowledges for the first time, or -1. */
  acknowledges: number
  /** The place of the one that sent its first octet before, or -1. */
  repeats: number
}

export interface MessageIndex {
  readonly messages: readonly IndexedMessage[]
  /** By the record of their segment. */
  readonly bySegment: ReadonlyMap<SegmentRecord, IndexedMessage>
  /** By the number of the frame or packet. */
  readonly byFrame: ReadonlyMap<number, IndexedMessage>
  /** What to subtract from each side's sequence numbers so that they begin at its SYN. */
  readonly bases: readonly [number, number]
}

export function indexMessages(events: readonly TraceEvent[], pair: LadderPair): MessageIndex {
  const frames = new Map<SegmentRecord, number>()
  for (const event of events) {
    if (event.kind !== 'sent' && event.kind !== 'received') continue
    if (!frames.has(event.segment)) frames.set(event.segment, event.packet)
  }
  const found = messagesOf(ladderItems(selectEvents(events, pair), pair))
  const messages = found.map(
    (message, place): IndexedMessage => ({
      ...{ message, place, frame: frames.get(message.segment) ?? 0 },
      ...{ acknowledgedBy: -1, acknowledges: -1, repeats: -1 },
    }),
  )
  joinAnswers(messages)
  const bySegment = new Map<SegmentRecord, IndexedMessage>()
  const byFrame = new Map<number, IndexedMessage>()
  for (const each of messages) {
    // A copy that the network made comes behind what it is a copy of.
    if (!bySegment.has(each.message.segment)) bySegment.set(each.message.segment, each)
    if (each.frame > 0 && !byFrame.has(each.frame)) byFrame.set(each.frame, each)
  }
  return {
    messages,
    bySegment,
    byFrame,
    bases: relativeBases(found),
  }
}

/** Sequence space that a segment takes ends here. */
export function endOf({ seq, length, flags }: SegmentRecord): number {
  return (seq + length + ((flags & SYN) !== 0 ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0)) | 0
}

function joinAnswers(messages: readonly IndexedMessage[]): void {
  /** What of each side waits for an acknowledgment, in the order of sending. */
  const waiting: [IndexedMessage[], IndexedMessage[]] = [[], []]
  const lastAcks: [number, number] = [Number.NaN, Number.NaN]
  const begun: [Map<number, number>, Map<number, number>] = [new Map(), new Map()]
  for (const indexed of messages) {
    const { from, segment } = indexed.message
    const to = from === 0 ? 1 : 0
    if ((segment.flags & ACK) !== 0 && segment.ack !== lastAcks[from]) {
      lastAcks[from] = segment.ack
      acknowledge(indexed, waiting, to)
    }
    if (endOf(segment) === segment.seq) continue
    const before = begun[from].get(segment.seq)
    if (before !== undefined) indexed.repeats = before
    else begun[from].set(segment.seq, indexed.place)
    waiting[from].push(indexed)
  }
}

function acknowledge(
  indexed: IndexedMessage,
  waiting: [IndexedMessage[], IndexedMessage[]],
  side: 0 | 1,
): void {
  const { ack } = indexed.message.segment
  const left: IndexedMessage[] = []
  for (const sent of waiting[side]) {
    if (seqDiff(ack, endOf(sent.message.segment)) < 0) left.push(sent)
    else {
      sent.acknowledgedBy = indexed.place
      indexed.acknowledges = sent.place
    }
  }
  if (left.length < waiting[side].length) waiting[side] = left
}
