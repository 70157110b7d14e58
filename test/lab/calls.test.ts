/** What an application does because somebody at the cursor wants it: beside its program, and the run before it stays. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_LAB, type LabConfig, type Side } from '../../src/lab/lab-config.ts'
import { LabRun } from '../../src/lab/lab-run.ts'
import { VARIABLES } from '../../src/lab/variables.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import fc from '../property.ts'
import { withPrograms } from './programs.ts'

type Call = readonly [atMs: number, host: Side, step: string]

function withCalls(config: LabConfig, ...calls: readonly Call[]): LabConfig {
  const made = calls.map(([atMs, host, step]) => ({ kind: 'call', atUs: atMs * 1000, host, step }) as const)
  return { ...config, interventions: [...config.interventions, ...made] }
}

function played(config: LabConfig): LabRun {
  const run = new LabRun(config)
  run.advance()
  assert.equal(run.defect, '')
  return run
}

const said = (run: LabRun): string[] =>
  run.trace.flatMap((event) => (event.kind === 'application' ? [`${event.host}: ${event.text}`] : []))

test('the application sends, closes and aborts where it is told to, and every octet arrives in its place', () => {
  const quiet = withPrograms('connect\nreceive to end\nclose', 'listen\nreceive to end\nclose')
  const run = played(withCalls(quiet, [200, 0, 'send 3000'], [200, 0, 'send 500'], [300, 0, 'shutdown']))
  const server = run.tracks.of('server', 1)!.at(run.steps)!
  assert.equal(server.values[VARIABLES.findIndex(({ name }) => name === 'octets received')], 3500)
  assert.ok(run.intact)
  assert.equal(server.state, 'CLOSED')
  assert.ok(run.trace.some(({ kind, at, host }) => kind === 'call' && at === 200_000 && host === 'client'))
  const aborted = said(played(withCalls(quiet, [200, 1, 'abort'])))
  assert.ok(aborted.includes('server: close(), linger 0'))
  assert.ok(aborted.includes('client: read() fails: ECONNRESET'))
})

test('what two send at once is not mixed, and a program told to close finds its socket closed', () => {
  const busy = withPrograms('connect\nsend 300k\nsend 10\nclose', 'listen\nreceive to end\nclose')
  const both = played(withCalls(busy, [100, 0, 'send 2000']))
  assert.ok(both.intact)
  assert.ok(said(both).includes('client: write(2000)'))
  const closed = said(played(withCalls(busy, [100, 0, 'close'], [5000, 0, 'abort'])))
  assert.ok(closed.includes('client: write(300000) fails: EBADF'), closed.join('\n'))
  assert.ok(closed.includes('client: close() fails: EBADF'))
  const reading = said(played(withCalls(busy, [100, 1, 'abort'])))
  assert.ok(reading.includes('server: read() fails: EBADF'))
})

test('who stops reading closes the window, and opens it again', () => {
  const config = withPrograms('connect\nsend 300k\nwait\nclose', 'listen\nreceive to end\nclose')
  const run = played(withCalls(config, [100, 1, 'stop reading'], [3000, 1, 'resume reading']))
  const windows = run.trace.flatMap((event) =>
    event.kind === 'sent' && event.host === 'server' ? [{ at: event.at, window: event.segment.window }] : [],
  )
  const reads = run.trace.filter(({ kind, at, host }) => kind === 'call' && host === 'server' && at > 100_000)
  assert.ok(reads.every(({ at }) => at >= 3_000_000))
  assert.ok(windows.some(({ at, window }) => at > 100_000 && at < 3_000_000 && window === 0))
  assert.ok(windows.some(({ at, window }) => at >= 3_000_000 && window > 0))
  assert.ok(run.intact)
})

test('options are set in the middle, by the program or from outside', () => {
  const nagle = (client: string, ...calls: Call[]): number[] => {
    const run = played(withCalls(withPrograms(client, 'listen\nreceive to end\nclose'), ...calls))
    return run.trace.flatMap((event) =>
      event.kind === 'sent' && event.host === 'client' && event.segment.length === 10 ? [event.at] : [],
    )
  }
  const writes = 'connect\npause 100ms\nsend 10 times 3 every 1ms\nwait\nclose'
  assert.equal(nagle(writes).length, 1)
  assert.equal(nagle(`set nodelay on\n${writes}`).length, 3)
  assert.equal(nagle(writes.replace('pause', 'set nodelay on\npause')).length, 3)
  assert.equal(nagle(writes, [60, 0, 'set nodelay on']).length, 3)
  assert.equal(nagle(writes, [60, 1, 'set nodelay on']).length, 1)
  const silent = withPrograms('connect\nreceive to end', 'listen\npause 10s\nclose')
  const probed = played(withCalls(silent, [500, 0, 'set keepalive-idle 2s'], [500, 0, 'set keepalive on']))
  assert.ok(probed.trace.some((event) => event.kind === 'sent' && event.reason === 'keep-alive'))
  assert.ok(said(probed).includes('client: setsockopt(SO_KEEPALIVE, on)'))
})

test('where there is no connection a call says so, and after a crash too', () => {
  assert.ok(
    said(played(withCalls(DEFAULT_LAB, [0, 0, 'close']))).includes(
      'client: close: there is no connection yet',
    ),
  )
  const crash = { ...DEFAULT_LAB, lesson: 'half-open' }
  const times = played(crash)
    .trace.filter((event) => event.kind === 'application' && event.text === 'CRASH')
    .map(({ at, host }) => ({ at, host }))
  assert.ok(times.length > 0)
  const [{ at, host }] = times as [{ at: number; host: string }]
  const side = played(crash).hosts.indexOf(host) as Side
  const down = played(withCalls(crash, [at / 1000 + 1, side, 'send 5']))
  assert.ok(said(down).includes(`${host}: send 5: the host is down`))
  const back = said(played(withCalls(crash, [500, side, 'send 5'], [501, side, 'send 6'])))
  assert.ok(back.includes(`${host}: send 5: there is no connection yet`))
  assert.ok(back.includes(`${host}: write(6)`))
})

test('what is done right after the cursor leaves everything before it as it was, in every lesson', () => {
  const steps = ['send 700', 'close', 'abort', 'shutdown', 'stop reading', 'set nodelay on', 'receive 5']
  fc.assert(
    fc.property(
      fc.constantFrom(null, ...SCENARIOS.map(({ name }) => name)),
      fc.nat(),
      fc.constantFrom(0 as const, 1 as const),
      fc.constantFrom(...steps),
      (lesson, n, host, step) => {
        const config = { ...DEFAULT_LAB, lesson }
        const usual = played(config)
        const at = usual.trace[n % usual.trace.length]!.at
        const run = played(withCalls(config, [(Math.floor(at) + 1) / 1000, host, step]))
        // Of a listening socket it is told at its place, but later, which connection it led to.
        const before = (of: LabRun) =>
          of.trace.flatMap((event) => {
            if (event.at > at || (event.kind === 'state' && event.to === 'LISTEN')) return []
            return [event.kind === 'application' ? { ...event, connection: 0 } : event]
          })
        assert.deepEqual(before(run), before(usual))
      },
    ),
    { numRuns: 60 },
  )
})
