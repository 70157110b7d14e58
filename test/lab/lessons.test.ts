/** What the lessons say is what their runs show, and what they propose to try changes what is seen. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkConfig } from '../../src/lab/check-config.ts'
import { type LabConfig, versusConfig } from '../../src/lab/lab-config.ts'
import { LabRun } from '../../src/lab/lab-run.ts'
import { findLesson, LESSONS } from '../../src/lab/lessons.ts'
import { type Outcome, outcomeOf } from '../../src/lab/outcome.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import type { SegmentSent } from '../../src/trace/events.ts'

interface Seen {
  readonly run: LabRun
  readonly outcome: Outcome
  /** Segments of a host that were sent for this reason. */
  readonly count: (host: string, reason: SegmentSent['reason']) => number
}

function seen(config: LabConfig): Seen {
  const run = new LabRun(config)
  run.advance()
  assert.equal(run.defect, '')
  const count: Seen['count'] = (host, reason) =>
    run.trace.filter((event) => event.kind === 'sent' && event.host === host && event.reason === reason)
      .length
  return { run, outcome: outcomeOf(run.trace), count }
}

function lesson(name: string): LabConfig {
  return findLesson(name)!.config
}

/** After the change of this label. */
function tried(name: string, label: string): LabConfig {
  const { config, tries } = findLesson(name)!
  return tries.find((one) => one.label === label)!.change(config)
}

test('every scenario of elko sim is a lesson, and every name stands once', () => {
  const names = LESSONS.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const { name, title, lesson: words } of SCENARIOS) {
    const found = findLesson(name)!
    assert.deepEqual([found.title, found.words, found.config.lesson], [title, words, name])
  }
})

test('what is to be tried can be meant, and changes the run', () => {
  for (const { name, config, tries } of LESSONS) {
    for (const { label, change } of tries) {
      const changed = checkConfig(change(config))
      assert.deepEqual(changed, change(config), `${name}: ${label}`)
      const octets = [config, changed].map((one) => seen(one).run.capture().octets)
      assert.notDeepEqual(octets[0], octets[1], `${name}: ${label}`)
    }
  }
})

test('slow start over a line: dozens lost at once, one repaired a round trip, and the timer ends it', () => {
  const { outcome, count } = seen(lesson('slow-start-line'))
  assert.ok(outcome.lost >= 55 && outcome.lost <= 65, `${outcome.lost} lost`)
  assert.ok(count('client', 'partial-ack') >= 5)
  assert.ok(outcome.timeouts >= 1)
  const long = seen(tried('slow-start-line', 'A long queue: nothing is lost, and everything waits'))
  const stopped = seen(
    tried('slow-start-line', 'A receive buffer of 50,000 octets: the window stops it in time'),
  )
  for (const { outcome: other } of [long, stopped]) {
    assert.equal(other.lost, 0)
    assert.ok(other.transferUs < outcome.transferUs)
  }
})

test('a lossy path: eleven losses, found by duplicates, by partial acknowledgments and by the timer', () => {
  const { run, outcome, count } = seen(lesson('lossy-path'))
  assert.equal(outcome.lost, 11)
  assert.ok(count('client', 'fast-retransmit') > 0 && count('client', 'partial-ack') > 0)
  assert.ok(outcome.timeouts > 0)
  const senders = run.trace.flatMap((event) =>
    event.kind === 'network' && event.action === 'lost' ? [run.sender(event.packet)?.from] : [],
  )
  assert.ok(senders.includes(1), 'an acknowledgment is lost too')
  assert.ok(run.intact)
})

test('a slow reader: the window closes to 0 and is probed; a reader in small steps does not close it', () => {
  const closed = ({ run }: Seen) =>
    run.trace.filter(
      (event) => event.kind === 'sent' && event.host === 'server' && event.segment.window === 0,
    ).length
  const slow = seen(lesson('slow-reader'))
  assert.ok(closed(slow) > 0)
  assert.ok(slow.count('client', 'zero-window-probe') > 0)
  const quick = seen(tried('slow-reader', 'Read 2000 octets every 50 ms: the window never closes'))
  assert.equal(closed(quick), 0)
})

test('keep-alive: four probes without an answer, and the server keeps its half', () => {
  const { run, count } = seen(lesson('keep-alive-dead'))
  assert.equal(count('client', 'keep-alive'), 4)
  const { steps, tracks } = run
  assert.equal(tracks.of('client', 1)!.at(steps)!.state, 'CLOSED')
  assert.equal(tracks.of('server', 1)!.at(steps)!.state, 'ESTABLISHED')
})

test('a blind reset is challenged beside the mark, ends the connection on it, and is dropped far off', () => {
  const challenges = ({ count }: Seen) => count('server', 'challenge-rst')
  const isReset = ({ run }: Seen) =>
    run.trace.some((event) => event.kind === 'signal' && event.reason === 'reset-by-peer')
  const aside = seen(lesson('blind-reset'))
  assert.ok(challenges(aside) === 1 && !isReset(aside))
  const exact = seen(tried('blind-reset', 'Aim exactly: RCV.NXT is 5101'))
  assert.ok(isReset(exact))
  const far = seen(tried('blind-reset', 'Far outside of the window'))
  assert.ok(challenges(far) === 0 && !isReset(far))
})

test('overtaking: what looks like a loss is sent twice for nothing, unless more proof is asked for', () => {
  const { outcome } = seen(lesson('overtaking'))
  assert.equal(outcome.lost, 0)
  assert.ok(outcome.retransmissions > 0)
  const patient = seen(tried('overtaking', 'Believe in a loss after twenty duplicates'))
  assert.equal(patient.outcome.retransmissions, 0)
})

test('the comparisons: two round trips more, a wait for an acknowledgment, nearly twice the time', () => {
  const both = (name: string): [first: Seen, second: Seen] => {
    const config = lesson(name)
    return [seen(config), seen(versusConfig(config)!)]
  }
  const [ten, two] = both('initial-window')
  assert.equal(two.outcome.transferUs - ten.outcome.transferUs, 2 * 100_000)
  const [nagle, nodelay] = both('nagle-delayed-ack')
  assert.ok(nagle.outcome.transferUs > nodelay.outcome.transferUs + 100_000)
  const [fast, timer] = both('fast-retransmit-or-timer')
  assert.deepEqual([fast.outcome.lost, timer.outcome.lost], [1, 1])
  assert.deepEqual(
    [fast.count('client', 'fast-retransmit'), timer.count('client', 'fast-retransmit')],
    [1, 0],
  )
  assert.deepEqual([fast.outcome.timeouts, timer.outcome.timeouts], [0, 1])
  const ratio = timer.outcome.transferUs / fast.outcome.transferUs
  assert.ok(ratio > 1.7 && ratio < 2, `${ratio}`)
})
