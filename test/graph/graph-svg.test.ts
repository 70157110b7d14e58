/** Pictures of graphs: nothing overlaps, nothing is lost, and many marks stay few octets. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { graphData } from '../../src/graph/graph-data.ts'
import { GRAPH_TYPES, type GraphOptions, graphPicture, graphSvg } from '../../src/graph/graph-svg.ts'
import { type GraphSeries, graphSeries } from '../../src/graph/series.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { story } from '../../src/sim/scenarios/story.ts'
import { findScenario, SCENARIOS } from '../../src/sim/scenarios.ts'
import { fixedWidth, proportionalWidth } from '../../src/svg/text-width.ts'
import { connectionsIn } from '../../src/trace/connections.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import { SYN } from '../../src/wire/segment.ts'
import { Story } from '../diagram/story.ts'

interface Words {
  readonly words: string
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Fonts by class: size, weight, and whether it is the fixed-width one. */
const FONTS: readonly (readonly [RegExp, number, 'fixed' | 'normal' | 'bold'])[] = [
  [/^title$/, 18, 'bold'],
  [/^(words|axis-label)$/, 13, 'normal'],
  [/^key$/, 12, 'normal'],
  [/^(tick|letter.*)$/, 11, 'fixed'],
]

/** Boxes of all words, by the estimates of src/svg/text-width.ts, which are those of the widest font. */
function wordsOf(svg: string): Words[] {
  return [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, attributes, escaped]) => {
    const value = (name: string): string | undefined =>
      new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes!)?.[1]
    const words = escaped!.replaceAll('&amp;', '&').replaceAll('&#39;', "'")
    const font = FONTS.find(([name]) => name.test(value('class') ?? ''))
    assert.ok(font !== undefined, `no font for class ${value('class')}`)
    const [, size, kind] = font
    const width = kind === 'fixed' ? fixedWidth(words, size) : proportionalWidth(words, size, kind)
    const [x, y] = [Number(value('x')), Number(value('y'))]
    const anchor = value('text-anchor') ?? 'start'
    const left = anchor === 'middle' ? x - width / 2 : anchor === 'end' ? x - width : x
    return { words, left, right: left + width, top: y - size * 0.78, bottom: y + size * 0.2 }
  })
}

function overlapping(boxes: readonly Words[]): string[] {
  const found: string[] = []
  for (const [k, a] of boxes.entries()) {
    for (const b of boxes.slice(k + 1)) {
      const isApart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top
      if (!isApart) found.push(`"${a.words}" and "${b.words}"`)
    }
  }
  return found
}

/** Each tag is closed, in its order; attributes are quoted and no entity is open. */
function assertWellFormed(svg: string): void {
  const open: string[] = []
  for (const [, closing, name, empty] of svg.matchAll(/<(\/?)([a-z]+)(?:\s[a-z:-]+="[^"<]*")*(\/?)>/gi)) {
    if (closing === '/') assert.equal(open.pop(), name)
    else if (empty !== '/') open.push(name!)
  }
  assert.deepEqual(open, [])
  assert.doesNotMatch(svg.replace(/<style>[^<]*<\/style>/, ''), /&(?!(amp|lt|gt|quot|#39);)/)
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/)
}

const seriesOf = (name: string, options = {}): GraphSeries => {
  const { events } = runScenario(findScenario(name)!, options)
  return graphSeries(events, connectionsIn(events)[0]!)
}

describe('every scenario in every type', () => {
  for (const scenario of SCENARIOS) {
    test(scenario.name, () => {
      const { events: all, addresses } = runScenario(scenario)
      const events = story(all, { oneConnection: scenario.onePicture === true })
      for (const pair of connectionsIn(events).slice(0, 2)) {
        const series = graphSeries(events, pair)
        for (const type of GRAPH_TYPES) {
          for (const size of [{}, { width: 420, height: 460 }]) {
            for (const side of [0, 1] as const) {
              const options: GraphOptions = { type, side, addresses, title: scenario.title, ...size }
              const { svg, geometry } = graphPicture(series, options)
              assertWellFormed(svg)
              const boxes = wordsOf(svg)
              assert.deepEqual(overlapping(boxes), [], `${type}, side ${side}`)
              for (const { words, left, right, top, bottom } of boxes) {
                const isInside = left >= 0 && right <= geometry.width && top >= 0 && bottom <= geometry.height
                assert.ok(isInside, `${type}: "${words}" is outside`)
              }
            }
          }
        }
      }
    })
  }
})

test('every retransmission and every loss has its mark, and says what it is', () => {
  const series = seriesOf('data-transfer', { bytes: 200_000, impairments: { loss: 0.05 } })
  const { counts, segments } = series.directions[0]
  const svg = graphSvg(series, { type: 'time-sequence' })
  const marks = [
    ...svg.matchAll(/<g class="mark" data-packet="(\d+)"><title>([^<]*)<\/title><path class="(\w+)"/g),
  ]
  const again = segments.filter((segment) => segment.again > 0)
  assert.equal(marks.filter(([, , title]) => title!.includes('; retransmission')).length, again.length)
  assert.equal(marks.filter(([, , title]) => title!.includes('lost by the network')).length, counts.lost)
  assert.ok(again.length > 5 && counts.lost > 5)
  const crosses = /<path class="lost" d="([^"]*)"/.exec(svg)![1]!
  assert.ok(crosses.split('M').length - 1 >= 2 * (counts.lost / 3), 'two strokes for each that stands apart')
  assert.match(svg, new RegExp(`<desc id="description">client sends ${counts.segments} segments`))
})

test('of one segment, or of some without a SYN, the axes have whole numbers and true words', () => {
  const { events } = runScenario(findScenario('slow-start')!)
  const [first] = events.filter(({ kind }) => kind === 'sent')
  const numbersOf = (some: readonly TraceEvent[], options: GraphOptions): string[] => {
    const svg = graphSvg(graphSeries(some, connectionsIn(some)[0]!), options)
    assertWellFormed(svg)
    assert.deepEqual(overlapping(wordsOf(svg)), [])
    return [...svg.matchAll(/class="tick" text-anchor="end">([^<]*)</g)].map(([, words]) => words!)
  }
  for (const type of GRAPH_TYPES) {
    const numbers = numbersOf([first!], { type })
    assert.ok(numbers.length >= 2, `${type}: ${numbers}`)
    for (const words of numbers) assert.match(words, /^-?\d+( [µm]?s)?$/, type)
  }
  const labelOf = (some: readonly TraceEvent[]): string | undefined => {
    const svg = graphSvg(graphSeries(some, connectionsIn(some)[0]!), { type: 'time-sequence' })
    // Without the other one's SYN its window may be larger than it seems.
    assert.equal(/end of the window \(scale not seen\)/.test(svg), some === later)
    return /sequence number, from [^<]*/.exec(svg)?.[0]
  }
  const later = events.filter((event) => !('segment' in event) || (event.segment.flags & SYN) === 0)
  assert.equal(labelOf(events), 'sequence number, from the SYN (octets)')
  assert.equal(labelOf(later), 'sequence number, from the first one seen (octets)')
})

test('a picture in motion has the same shapes, without their words', () => {
  const series = seriesOf('data-transfer', { bytes: 200_000, impairments: { loss: 0.05 } })
  const shapesOf = (svg: string): string[] =>
    [...svg.matchAll(/<path class="([\w ]+)" d="([^"]*)"/g)]
      .filter(([, name]) => name !== 'hover')
      .flatMap(([, name, d]) => d!.split(/(?=M)/).map((part) => `${name} ${part}`))
      .sort()
  // Lines have fewer steps then: these are drawn by what they cover, which test/graph/columns.test.ts holds.
  const isMark = (shape: string): boolean => !/^(ack|window|cwnd|ssthresh|srtt|rto|flight)/.test(shape)
  for (const type of ['time-sequence', 'throughput', 'rtt'] as const) {
    const still = graphSvg(series, { type })
    const moving = graphSvg(series, { type, isInMotion: true })
    assert.deepEqual(shapesOf(moving).filter(isMark), shapesOf(still).filter(isMark), type)
    assert.match(still, /<g class="mark"/)
    assert.doesNotMatch(moving, /<g class="mark"/)
  }
})

test('100,000 segments make a small picture that keeps what is rare', () => {
  const options = { bytes: 10_000_000, mss: 100, impairments: { loss: 0.001 } }
  const series = seriesOf('data-transfer', options)
  const { segments, counts, expiries } = series.directions[0]
  assert.ok(segments.length > 100_000 && counts.lost > 50)
  for (const type of GRAPH_TYPES) {
    const { svg, geometry } = graphPicture(series, { type })
    assert.ok(svg.length < 1_000_000, `${type}: ${svg.length} octets`)
    assertWellFormed(svg)
    const moving = graphSvg(series, { type, isInMotion: true })
    assert.ok(moving.length <= svg.length, `${type}: ${moving.length} octets in motion`)
    if (type !== 'time-sequence') continue
    assert.ok(moving.length < svg.length * 0.8, `${moving.length} octets in motion, ${svg.length} still`)
    const { left, right, fromUs, toUs } = geometry.panels[0]!
    const bars = [...svg.matchAll(/<path class="again" d="([^"]*)"/g)].flatMap(([, d]) =>
      [...d!.matchAll(/M([\d.]+)/g)].map(([, x]) => Number(x)),
    )
    for (const segment of segments.filter(({ again }) => again > 0)) {
      const x = left + ((segment.at - fromUs) / (toUs - fromUs)) * (right - left)
      assert.ok(
        bars.some((bar) => Math.abs(bar - x) <= 0.51),
        `a retransmission at ${segment.at}`,
      )
    }
  }
  assert.ok(expiries.length >= 0)
})

describe('a part of the time', () => {
  const series = seriesOf('slow-start')
  const part = { fromUs: 100_000, toUs: 170_000 }

  test('geometry says which pixels stand for which times and values', () => {
    for (const type of GRAPH_TYPES) {
      const { geometry, svg } = graphPicture(series, { type, ...part, width: 700, height: 500 })
      assert.deepEqual([geometry.width, geometry.height], [700, 500])
      assert.match(svg, /^<svg xmlns="[^"]*" viewBox="0 0 700 500" width="700" height="500"/)
      for (const panel of geometry.panels) {
        assert.deepEqual([panel.fromUs, panel.toUs], [part.fromUs, part.toUs])
        assert.ok(panel.left < panel.right && panel.top < panel.bottom && panel.fromValue < panel.toValue)
      }
    }
  })

  test('a mark stands where geometry says; what lies before or behind is not drawn', () => {
    const { geometry, svg } = graphPicture(series, { type: 'time-sequence', ...part })
    const { left, right, top, bottom, fromUs, toUs, fromValue, toValue } = geometry.panels[0]!
    const drawn = [
      ...svg.matchAll(/data-packet="(\d+)"><title>[^<]*<\/title><path class="data" d="M([\d.]+) ([\d.]+)V/g),
    ]
    const expected = series.directions[0].segments.filter(
      ({ at, kind, again }) => at >= part.fromUs && at <= part.toUs && kind === 'data' && again === 0,
    )
    assert.deepEqual(
      drawn.map(([, packet]) => Number(packet)),
      expected.map(({ packet }) => packet),
    )
    for (const [k, [, , x, y]] of drawn.entries()) {
      const { at, first } = expected[k]!
      assert.ok(Math.abs(Number(x) - (left + ((at - fromUs) / (toUs - fromUs)) * (right - left))) < 0.01)
      const high = bottom - ((first - fromValue) / (toValue - fromValue)) * (bottom - top)
      assert.ok(Math.abs(Number(y) - high) < 0.01)
    }
  })
})

test('times stand in the unit that suits them, at round numbers of it', () => {
  const events = seriesOf('slow-start')
  const labels = (toUs: number): string[] => {
    const svg = graphSvg(events, { type: 'rtt', fromUs: 0, toUs })
    return [...svg.matchAll(/<text [^>]*class="tick"[^>]*>(\S+ (?:µs|ms|s|min|h|d))</g)].map(
      ([, words]) => words!,
    )
  }
  const hour = 3600e6
  assert.ok(labels(500e6).includes('100 s'))
  assert.ok(labels(hour).includes('20 min'))
  assert.ok(labels(10 * hour).includes('2 h'))
  assert.ok(labels(2400 * hour).includes('20 d'))
})

test('a graph without a round trip says so', () => {
  const events = seriesOf('slow-start')
  const { roundTrips: _, recovery: __, ...rest } = events.directions[0]
  const empty: GraphSeries = {
    ...events,
    directions: [{ ...rest, roundTrips: [], recovery: [] }, events.directions[1]],
  }
  assert.match(graphSvg(empty, { type: 'rtt', side: 0 }), />no round trip could be measured</)
  assert.doesNotMatch(graphSvg(events, { type: 'rtt', side: 0 }), /no round trip/)
})

test('one value alone does not stand on an axis', () => {
  const svg = graphSvg(seriesOf('slow-start'), { type: 'congestion' })
  for (const [panel] of svg.matchAll(/<g class="panel .*?<\/svg><\/g>/gs)) {
    assert.ok(
      (panel.match(/class="tick"[^>]* text-anchor="end"|text-anchor="end"[^>]* class="tick"/g) ?? [])
        .length >= 2,
    )
  }
})

test('the same series and options give the same picture; a scheme is fixed or left to the reader', () => {
  const series = seriesOf('fast-retransmit')
  for (const type of GRAPH_TYPES) assert.equal(graphSvg(series, { type }), graphSvg(series, { type }))
  assert.match(graphSvg(series, { type: 'rtt' }), /prefers-color-scheme:dark/)
  assert.doesNotMatch(graphSvg(series, { type: 'rtt', scheme: 'dark' }), /prefers-color-scheme/)
})

test('names that mean something in markup are words', () => {
  const series = seriesOf('classic')
  const svg = graphSvg(series, { type: 'rtt', title: '<script>&"', addresses: { client: '<b>' } })
  assertWellFormed(svg)
  assert.doesNotMatch(svg, /<script|<b>/)
})

test('what the picture shows is there as data, too', () => {
  const series = seriesOf('slow-start')
  const data = JSON.parse(JSON.stringify(graphData(series, { type: 'congestion' })))
  assert.equal(data.sender.name, 'client')
  assert.equal(data.seenAt, 'sender')
  assert.equal(data.losses.length, 1)
  assert.ok(data.recovery.some(({ phase }: { phase: string }) => phase === 'fast-recovery'))
})

test('a capture whose clock goes back says so', () => {
  const passing = (times: readonly number[]): GraphSeries => {
    const told = new Story({ client: 50000, server: 80 })
    for (const [k, at] of times.entries()) {
      told.now = at
      told.receive(
        'server',
        told.send('client', 'server', 'ACK', 'new-data', { seq: 1 + k * 10, length: 10 }),
      )
    }
    return graphSeries(told.events, connectionsIn(told.events)[0]!)
  }
  const svgOf = (times: readonly number[], options: Partial<GraphOptions> = {}): string =>
    graphSvg(passing(times), { type: 'throughput', ...options })
  assert.doesNotMatch(svgOf([0, 1000, 2000]), /clock/)
  assert.match(
    svgOf([0, 9000, 2000]),
    /as seen at the capture, whose clock goes back once, by 7 ms: drawn by its times/,
  )
  assert.match(svgOf([0, 9000, 2000, 8000, 7000]), /goes back 2 times, by up to 7 ms/)
})
