/** The connections of a capture as pictures: their geometry, and that SVG and text tell of the same frames, each once. */

import assert from 'node:assert/strict'
import { ladder } from '../../src/diagram/ladder.ts'
import type { Message } from '../../src/diagram/ladder-messages.ts'
import { drawSequence } from '../../src/diagram/sequence/draw.ts'
import { layoutSequence } from '../../src/diagram/sequence/layout.ts'
import type { SequenceLayout } from '../../src/diagram/sequence/sequence-layout.ts'
import { FlowRecorder } from '../../src/flows/flow-recorder.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import { dissected } from '../flows/wireshark-columns.ts'
import { checkLayout } from './layout-checks.ts'

export interface Limits {
  /** Of one file so many connections, and so many packets of each. */
  readonly connections: number
  readonly packets: number
  /** Up to so many packets everything is unfolded as well, and written as text. */
  readonly whole: number
}

export function capturedFlows(
  octets: Uint8Array,
  { connections, packets }: Limits,
): Map<number, FlowRecorder> {
  const flows = new Map<number, FlowRecorder>()
  const analysis = new SequenceAnalysis()
  dissected(octets, (packet, tcp) => {
    const said = analysis.analyze(packet, tcp)
    if (packet.isQuoted || said.stream >= connections) return
    const flow = flows.get(said.stream) ?? new FlowRecorder(packets)
    flows.set(said.stream, flow)
    flow.packet(packet, tcp, said)
  })
  return flows
}

/** @returns whether everything was unfolded, too. */
export function checkFlow(name: string, flow: FlowRecorder, limits: Limits): boolean {
  const { events, addresses } = flow
  // A capture may have frames that are not in the order of time.
  const inTime = [...events].sort((a, b) => a.at - b.at)
  const frames = inTime.flatMap((event) => (event.kind === 'sent' ? [event.packet] : []))
  assert.equal(frames.length, Math.min(flow.packets, limits.packets), name)
  const folded = layoutSequence(events, { addresses })
  checkLayout(folded, name)
  assertInPictureOrFold(name, events, folded)
  if (frames.length > limits.whole) return false
  const whole = layoutSequence(events, { addresses, unfolded: 'all', numbers: 'relative' })
  checkLayout(whole, `${name}, unfolded`)
  const svg = drawSequence(whole, 'light')
  assert.deepEqual(
    [...svg.matchAll(/data-frame="(\d+)"/g)].map(numberOf),
    frames,
    `${name}: frames of the SVG`,
  )
  const text = ladder(events, { addresses, numbers: 'relative', reasons: 'words', legend: false })
  const squeezed = text.replace(/[\s│┃┊╌─▶◀]/g, '')
  // Half a message says its number alone; a note that a line ends in goes on in the next one.
  assert.deepEqual(
    [...squeezed.matchAll(/frame(\d+)[:,(]/g)].map(numberOf),
    frames,
    `${name}: frames of the text`,
  )
  assertStates(name, inTime, whole, text)
  return true
}

const numberOf = ([, digits]: RegExpMatchArray): number => Number(digits)

/** Each segment has one arrow or lies in one fold. */
function assertInPictureOrFold(name: string, events: readonly TraceEvent[], { marks }: SequenceLayout): void {
  // One frame may have two segments: an aggregate of a wireless network.
  const shown = new Set<Message>()
  let hidden = 0
  for (const { kind, arrow, fold } of marks) {
    if (kind === 'message' && arrow !== undefined) {
      assert.ok(!shown.has(arrow.message), `${name}: frame ${arrow.message.packet} is drawn twice`)
      shown.add(arrow.message)
    }
    if (fold !== undefined) hidden += fold.messages
  }
  const sent = events.filter(({ kind }) => kind === 'sent').length
  assert.equal(shown.size + hidden, sent, `${name}: ${shown.size} drawn and ${hidden} folded`)
}

/** The states of each end, in their order, in both. */
function assertStates(
  name: string,
  events: readonly TraceEvent[],
  { marks, pair }: SequenceLayout,
  text: string,
): void {
  const boxes = [...text.matchAll(/\[([A-Z][A-Z-]+\d?)\]/g)].map(([, state]) => state)
  const all: string[] = []
  for (const side of [0, 1] as const) {
    const host = (side === 0 ? pair!.left : pair!.right).host
    const entered = events.flatMap((event) =>
      event.kind === 'state' && event.host === host ? [event.to] : [],
    )
    const drawn = marks.filter((mark) => mark.side === side).flatMap(({ state }) => state ?? [])
    assert.deepEqual(drawn, entered, `${name}: states of the ${host}`)
    all.push(...entered)
  }
  assert.deepEqual(boxes.sort(), all.sort(), `${name}: states of the text`)
}
