/** What is said of the capture itself, and what that makes of the verdicts. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnoseCapture } from '../../src/analyze/outside/diagnose-capture.ts'
import { NO_STATISTICS } from '../../src/capture/capture-file.ts'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { captureWriter } from '../../src/capture/capture-writer.ts'
import { statisticsBlock } from '../../src/capture/write-pcapng.ts'
import { snapped } from '../flows/snapped.ts'
import { STORIES } from './outside-stories.ts'
import { captureOf, diagnosesOf, Story } from './wire-story.ts'

const UNANSWERED = '0 c S\n 1 c S seq=-1\n 3 c S seq=-1\n 7 c S seq=-1'

/** The capture as pcapng, with so many packets lost before its second one, and so many in all. */
function pcapngOf(pcap: Uint8Array, lostBeforeSecond: number, lostInAll: number): Uint8Array {
  const parts: number[] = []
  const writer = captureWriter('pcapng', (octets) => parts.push(...octets))
  const reader: CaptureReader = new CaptureReader((record) => {
    record.dropsBefore = record.number === 2 ? lostBeforeSecond : -1
    writer.write(record, reader)
  })
  reader.readWhole(pcap)
  writer.end(reader)
  parts.push(...(statisticsBlock(0, { ...NO_STATISTICS, dropped: lostInAll }) ?? []))
  return new Uint8Array(parts)
}

test('capture-drops: packets that the capture lost are told, and silence proves less', () => {
  const whole = captureOf(new Story(UNANSWERED))
  const [certain] = diagnosesOf(whole)
  assert.equal(certain!.verdict, 'connect-timeout')
  assert.equal(certain!.confidence, 'certain')
  for (const [before, inAll, told, frames] of [
    [3, 0, /^3 packets were lost/, [2]],
    [0, 9, /^9 packets were lost/, []],
  ] as const) {
    const { notes, connections } = diagnoseCapture(pcapngOf(whole, before, inAll))
    assert.deepEqual(
      notes.map(({ kind }) => kind),
      ['capture-drops'],
    )
    assert.match(notes[0]!.text, told)
    assert.deepEqual(notes[0]!.frames, frames)
    const [diagnosis] = [...connections]
    assert.equal(diagnosis!.verdict, 'connect-timeout')
    assert.equal(diagnosis!.confidence, 'possible')
    assert.match(diagnosis!.next.at(-1)!, /capture once more/)
  }
})

test('capture-drops: what was seen proves as much as before', () => {
  const refused = captureOf(new Story(STORIES['nothing listens']!.story))
  const { confidence, next } = diagnosesOf(refused)[0]!
  const [withDrops] = [...diagnoseCapture(pcapngOf(refused, 0, 9)).connections]
  assert.deepEqual([withDrops!.confidence, withDrops!.next], [confidence, next])
})

/** The packets of one side of a whole story. */
function sideOf(who: 'c' | 's', lines: string): Uint8Array {
  const letters = lines.split('\n').map((line) => line.trim().split(' ')[1])
  const whole = new Story(lines)
  const kept = whole.packets.filter((_, k) => letters[k] === who)
  whole.packets.splice(0, whole.packets.length, ...kept)
  return captureOf(whole)
}

test('one-sided: a connection of which one direction is missing is told, and is not called sick', () => {
  const { story } = STORIES['an end in order']!
  for (const [who, missing] of [
    ['c', 'server'],
    ['s', 'client'],
  ] as const) {
    const { notes, connections } = diagnoseCapture(sideOf(who, story))
    assert.deepEqual(
      notes.map(({ kind, frames }) => [kind, frames]),
      [['one-sided', [1]]],
    )
    const [diagnosis] = [...connections]
    assert.equal(diagnosis!.healthy, true, diagnosis!.sentence)
    const finding = diagnosis!.findings.find(({ kind }) => kind === 'one-sided')
    assert.match(finding!.text, new RegExp(`no packet of the ${missing}`))
  }
})

test('one-sided: SYNs and lone resets are no such thing', () => {
  for (const lines of [UNANSWERED, '0 s RA bare', '0 s SA\n 1 s SA seq=-1'])
    assert.deepEqual(diagnoseCapture(captureOf(new Story(lines))).notes, [])
})

/** A connection every 2 ms from one port after the other, which come again after so many. */
function manyConnections(count: number, ports: number): Uint8Array {
  const stories = Array.from({ length: count }, (_, k) => {
    const ends = { clientPort: 32_768 + (k % ports), isn: 1000 * (k + 1) }
    return new Story(`${0.002 * k} c S`, ends)
  })
  return captureOf(...stories)
}

test('ports-used-up: a client takes its ports again within TIME-WAIT, or nearly all of them', () => {
  const kinds = (count: number, ports: number): unknown[] =>
    diagnoseCapture(manyConnections(count, ports)).notes.map(({ kind, frames }) => [kind, frames])
  assert.deepEqual(kinds(20, 10), [['ports-used-up', [20]]])
  assert.deepEqual(kinds(19, 10), [])
  assert.deepEqual(kinds(20_002, 20_002), [['ports-used-up', [20_002]]])
})

test('ports-used-up: not where the ports come again after their time', () => {
  const stories = Array.from(
    { length: 40 },
    (_, k) => new Story(`${7 * k} c S`, { clientPort: 40_000 + (k % 10), isn: 1000 * (k + 1) }),
  )
  assert.deepEqual(diagnoseCapture(captureOf(...stories)).notes, [])
})

test('duplicate-capture: a file merged with itself, even where packets have no identification', () => {
  const lines = STORIES['an end in order']!.story.replace(/^0 c/, '0.001 c')
  for (const story of [lines, lines.replaceAll(/$/gm, ' id=0')]) {
    const { notes, connections } = diagnoseCapture(captureOf(new Story(story), new Story(story)))
    assert.deepEqual(
      notes.map(({ kind }) => kind),
      ['duplicate-capture'],
    )
    const [diagnosis] = [...connections]
    assert.equal(diagnosis!.verdict, 'healthy')
    assert.ok(!diagnosis!.findings.some(({ kind }) => kind === 'loss'))
  }
})

/** Of raw IPv4: the header of IP, and so much of TCP's. */
const upTo = (octetsOfTcp: number): number => 20 + octetsOfTcp

test('cut-headers: packets of TCP that are in no connection for want of octets are told, with the length that would do', () => {
  const whole = captureOf(new Story(STORIES['an end in order']!.story))
  const packets = diagnoseCapture(whole).packets
  for (const held of [0, 8, 15]) {
    const { notes, connections } = diagnoseCapture(snapped(whole, () => upTo(held)))
    assert.deepEqual([...connections], [])
    const { text, frames } = notes.find(({ kind }) => kind === 'cut-headers')!
    assert.match(
      text,
      new RegExp(`^${packets} TCP packets were captured with fewer than 16 octets of header`),
    )
    assert.match(
      text,
      new RegExp(`snap length ${upTo(held)}\\).* a snap length of ${upTo(60)} has all headers`),
    )
    assert.deepEqual(frames, [1, 2, 3, 4, 5])
  }
  const enough = snapped(whole, () => upTo(60))
  assert.ok(!diagnoseCapture(enough).notes.some(({ kind }) => kind === 'cut-headers'))
})

test('cut-options: options that were cut off are told, and nothing is concluded from their absence', () => {
  const story = (answer: string): Uint8Array =>
    captureOf(
      new Story(`0 c S scale=7\n 0.01 s SA ${answer}\n 0.02 c A\n 0.03 c PA 100\n 0.04 s PA 100\n 0.05 c A`),
    )
  const findings = (capture: Uint8Array): string[] =>
    [...diagnoseCapture(capture).connections].flatMap((each) => each.findings.map(({ kind }) => kind))
  const lost = findings(story(''))
  assert.ok(lost.includes('lost-window-scale'), lost.join())
  // The SYN-ACK has the option, but the capture has only the MSS of it.
  const cut = snapped(story('scale=7'), (number) => (number === 2 ? upTo(24) : 1000))
  assert.deepEqual(findings(cut), findings(story('scale=7')))
  const { text, frames } = diagnoseCapture(cut).notes.find(({ kind }) => kind === 'cut-options')!
  assert.match(text, /^1 TCP packet was captured without all options \(snap length 44\)/)
  assert.deepEqual(frames, [2])
})
