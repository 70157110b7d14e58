/** Events and values in words. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventWords } from '../../src/lab/event-words.ts'
import { DEFAULT_LAB } from '../../src/lab/lab-config.ts'
import { LabRun } from '../../src/lab/lab-run.ts'
import { LESSONS } from '../../src/lab/lessons.ts'
import { valueText } from '../../src/lab/variable-text.ts'
import { UNBOUNDED, VARIABLES, type Variable } from '../../src/lab/variables.ts'

test('every event of every lesson has words, and nothing that is no number', () => {
  for (const { name, config } of LESSONS) {
    const run = new LabRun(config)
    run.advance()
    for (const event of run.trace) {
      const { kind, text, why } = eventWords(event)
      assert.ok(kind !== '' && text !== '', `${name}: ${JSON.stringify(event)}`)
      assert.doesNotMatch(`${kind} ${text} ${why}`, /undefined|NaN|\[object|9007199254740991/, name)
    }
  }
})

test('words of a few events', () => {
  const here = { at: 0, host: 'client', connection: 1 } as const
  const said = (event: Parameters<typeof eventWords>[0]) => eventWords(event).text
  assert.equal(
    said({ ...here, kind: 'timer', timer: 'persist', action: 'started', inUs: 1500 }),
    'persist started, 1.5 ms',
  )
  assert.equal(said({ ...here, kind: 'call', call: 'send', octets: 5, detail: 'urgent' }), 'SEND(5, urgent)')
  assert.equal(said({ ...here, kind: 'network', action: 'lost', packet: 7 }), 'packet 7 is lost')
  assert.equal(said({ ...here, kind: 'state', from: 'CLOSED', to: 'LISTEN', cause: 'x' }), 'CLOSED → LISTEN')
})

test('values have their units', () => {
  const named = (name: string): Variable => VARIABLES.find((one) => one.name === name)!
  const context = { now: 1000, bases: { iss: 100, irs: 300 } }
  assert.equal(valueText(named('SND.UNA'), 150, context), '50')
  assert.equal(valueText(named('SND.UNA'), -1, { ...context, bases: null }), '4294967295')
  assert.equal(valueText(named('RCV.NXT'), 301, context), '1')
  assert.equal(valueText(named('ISS'), 100, context), '100')
  assert.equal(valueText(named('retransmission'), 201_000, context), 'in 200 ms')
  assert.equal(valueText(named('retransmission'), Number.POSITIVE_INFINITY, context), '–')
  assert.equal(valueText(named('SRTT'), 40_000, context), '40 ms')
  assert.equal(valueText(named('SRTT'), 0, context), '–')
  assert.equal(valueText(named('ssthresh'), UNBOUNDED, context), '∞')
  assert.equal(valueText(named('cwnd'), 14_600, context), '14600')
  assert.equal(valueText(named('fast recovery'), 1, context), 'yes')
})

test('every variable can be read of every connection of a run', () => {
  const run = new LabRun(DEFAULT_LAB)
  run.advance()
  const { values } = run.tracks.of('client', 1)!.at(run.steps)!
  assert.equal(values.length, VARIABLES.length)
  for (const [i, value] of values.entries()) assert.ok(!Number.isNaN(value), VARIABLES[i]!.name)
})
