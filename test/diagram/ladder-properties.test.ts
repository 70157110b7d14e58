import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ladder } from '../../src/diagram/ladder.ts'
import { type LadderItem, ladderItems } from '../../src/diagram/ladder-messages.ts'
import { ladderRows } from '../../src/diagram/ladder-rows.ts'
import { connectionsIn, selectEvents } from '../../src/trace/connections.ts'
import fc from '../property.ts'
import { Story } from './story.ts'

interface Act {
  readonly fromLeft: boolean
  readonly afterUs: number
  readonly transitUs: number
  readonly fate: 'arrives' | 'lost' | 'too-big' | 'queue-full' | 'corrupted'
  readonly seq: number
  /** A state change of the sender in the same instant. */
  readonly state: boolean
}

const act: fc.Arbitrary<Act> = fc.record({
  fromLeft: fc.boolean(),
  afterUs: fc.constantFrom(0, 0, 1, 500, 3000, 1_000_000),
  transitUs: fc.constantFrom(0, 700, 1000, 5000),
  fate: fc.constantFrom(
    'arrives',
    'arrives',
    'arrives',
    'arrives',
    'lost',
    'too-big',
    'queue-full',
    'corrupted',
  ),
  seq: fc.integer(),
  state: fc.boolean(),
})

const acts = fc.array(act, { minLength: 1, maxLength: 25 })

/** Plays the acts; packet n has a length of 1001 + n, which is the mark to find it by. */
function play(script: readonly Act[]): Story {
  const story = new Story({ left: 1000, right: 2000 })
  const arrivals: { at: number; run: () => void }[] = []
  const until = (at: number) => {
    arrivals.sort((a, b) => a.at - b.at)
    while (arrivals.length > 0 && arrivals[0]!.at <= at) {
      const next = arrivals.shift()!
      story.now = next.at
      next.run()
    }
    story.now = at
  }
  script.forEach(({ fromLeft, afterUs, transitUs, fate, seq, state }, index) => {
    until(story.now + afterUs)
    const [from, to] = fromLeft ? ['left', 'right'] : ['right', 'left']
    if (state) story.state(from!, 'ESTABLISHED', 'ESTABLISHED')
    const packet = story.send(from!, to!, 'ACK', 'new-data', { seq, ack: index, length: 1001 + index })
    if (fate === 'arrives') {
      arrivals.push({ at: story.now + transitUs, run: () => story.receive(to!, packet) })
      return
    }
    story.network(fate, packet)
    if (fate !== 'corrupted') return
    arrivals.push({ at: story.now + transitUs, run: () => story.drop(to!, packet, 'tcp-checksum') })
  })
  until(Number.MAX_SAFE_INTEGER / 2)
  return story
}

test('every packet is drawn once, or once leaving and once arriving', () => {
  fc.assert(
    fc.property(acts, fc.boolean(), fc.integer({ min: 80, max: 140 }), (script, ascii, width) => {
      const text = ladder(play(script).events, { ascii, width, legend: false })
      script.forEach((_, index) => {
        const count = text.split(`len ${1001 + index}`).length - 1
        const halves = count === 2
        assert.ok(count === 1 || count === 2, `packet ${index} stands ${count} times in\n${text}`)
        if (!halves) return
        const lines = text.split('\n').filter((line) => line.includes(`len ${1001 + index}`))
        assert.ok(lines.length === 2)
      })
      for (const tag of new Set(text.match(/\(\d+\)/g) ?? [])) {
        assert.equal(text.split(tag).length - 1, 2, `${tag} needs two ends in\n${text}`)
      }
    }),
  )
})

test('every packet that was lost or dropped has its ×, and no other one', () => {
  fc.assert(
    fc.property(acts, fc.boolean(), (script, ascii) => {
      const text = ladder(play(script).events, { ascii, legend: false })
      const ends = script.filter(({ fate }) => fate !== 'arrives').length
      assert.equal(text.split(ascii ? 'X' : '×').length - 1, ends, text)
    }),
  )
})

test('no line exceeds the width, whatever the numbers', () => {
  fc.assert(
    fc.property(acts, fc.integer({ min: 80, max: 160 }), fc.boolean(), (script, width, relative) => {
      const text = ladder(play(script).events, { width, numbers: relative ? 'relative' : 'absolute' })
      for (const line of text.split('\n')) assert.ok([...line].length <= width, line)
    }),
  )
})

test('at each host everything stands in the order in which it happened, and time never runs back', () => {
  fc.assert(
    fc.property(acts, (script) => {
      const { events } = play(script)
      const pair = connectionsIn(events)[0]!
      const items = ladderItems(selectEvents(events, pair), pair)
      const { rows } = ladderRows(items, { timers: 'all', recovery: 'all' })
      const drawn: [number[], number[]] = [[], []]
      let last = 0
      for (const row of rows) {
        assert.ok(row.at >= last)
        last = row.at
        if (row.kind !== 'message') continue
        const { message, half } = row
        const to = message.from === 0 ? 1 : 0
        if (half !== 'arrives') drawn[message.from].push(message.segment.length)
        const arrived = message.arrivedItem >= 0
        if (half === 'arrives' || (half === 'whole' && arrived)) drawn[to].push(message.segment.length)
      }
      assert.deepEqual(drawn, [happened(items, 0), happened(items, 1)])
    }),
  )
})

/** The oracle: the lengths of what left and arrived at one host, in the order of the events. */
function happened(items: readonly LadderItem[], side: 0 | 1): number[] {
  return items.flatMap((item) =>
    item.kind !== 'event' && item.side === side ? [item.message.segment.length] : [],
  )
}
