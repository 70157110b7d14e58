/** The small language in which applications of the lab are written. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LabError } from '../../src/lab/lab-error.ts'
import { parseProgram, STEP_FORMS } from '../../src/lab/program.ts'

test('every step is read, with sizes, times and remarks', () => {
  const text = `# a client
    bind 4000
    connect 8080   # not 80
    send 20k times 3 every 1.5s more

    receive 100
    receive to end
    read 500 every 20ms
    pause 2min
    wait
    shutdown
    close
    abort`
  assert.deepEqual(parseProgram(text), [
    { kind: 'bind', port: 4000 },
    { kind: 'connect', port: 8080 },
    { kind: 'send', octets: 20_000, times: 3, everyUs: 1_500_000, how: 'more' },
    { kind: 'receive', octets: 100 },
    { kind: 'receive', octets: null },
    { kind: 'read', octets: 500, everyUs: 20_000 },
    { kind: 'pause', us: 120_000_000 },
    { kind: 'wait' },
    { kind: 'shutdown' },
    { kind: 'close' },
    { kind: 'abort' },
  ])
  assert.deepEqual(parseProgram('listen'), [{ kind: 'listen', port: 80 }])
  assert.deepEqual(parseProgram('\n# nothing\n'), [])
})

test('an error names the line and what is expected there', () => {
  const wrong: [text: string, message: RegExp][] = [
    ['listen\nsned 10', /^program, line 2: unknown step 'sned'; did you mean send\?$/],
    ['fly', /^program, line 1: unknown step 'fly'; expected one of listen, connect/],
    ['send 10', /line 1: 'send' needs a connection: expected connect or listen before it/],
    ['connect\nsend', /line 2: something is missing: expected send OCTETS/],
    ['connect\nsend ten', /'ten' is no number of octets/],
    ['connect\nsend 0', /'0' is no number of octets/],
    ['connect\nsend 5M times 3', /at most 10000000 octets in all/],
    ['connect\nsend 5 times 0', /'0' is no count/],
    ['connect\nsend 5 loudly', /unexpected 'loudly': expected send OCTETS/],
    ['connect\npause 20', /'20' is no time: expected one with its unit/],
    ['connect\nread 20', /expected read OCTETS every TIME/],
    ['connect 70000', /'70000' is no port/],
    ['connect\nconnect', /line 2: the program has a connection already/],
    ['connect\nreceive to', /expected receive OCTETS \| receive to end/],
    [`connect\n${'wait\n'.repeat(200)}`, /at most 200 steps/],
  ]
  for (const [text, message] of wrong) {
    assert.throws(
      () => parseProgram(text),
      (error) => error instanceof LabError && message.test(error.message),
      text,
    )
  }
})

test('every form of a step begins with its name', () => {
  for (const [kind, form] of Object.entries(STEP_FORMS)) assert.ok(form.startsWith(kind), form)
})
