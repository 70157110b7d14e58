/** The small language in which applications of the lab are written. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LabError } from '../../src/lab/lab-error.ts'
import { CALL_KINDS, parseCall, parseProgram, STEP_FORMS } from '../../src/lab/program.ts'
import { SOCKET_OPTIONS } from '../../src/lab/socket-options.ts'
import { configure } from '../../src/tcp/config.ts'

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
    set nodelay on
    set user-timeout 1.5s
    set receive-buffer 20k
    set keepalive-probes 3
    stop reading
    resume reading
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
    { kind: 'set', option: 'nodelay', value: 1, written: 'on' },
    { kind: 'set', option: 'user-timeout', value: 1500, written: '1.5s' },
    { kind: 'set', option: 'receive-buffer', value: 20_000, written: '20k' },
    { kind: 'set', option: 'keepalive-probes', value: 3, written: '3' },
    { kind: 'stop' },
    { kind: 'resume' },
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
    ['set nodley on', /unknown option 'nodley'; did you mean nodelay\?/],
    ['set volume 11', /unknown option 'volume'; expected one of nodelay, cork, keepalive,/],
    ['set nodelay', /something is missing: expected set nodelay on \| off/],
    ['set nodelay 1', /'1' is no value: expected set nodelay on \| off/],
    ['set keepalive-idle 5', /'5' is no value: expected set keepalive-idle TIME/],
    ['set keepalive-idle 0', /'0' cannot be: expected 1 to 1000000000000 whole milliseconds/],
    ['set delayed-ack 500ms', /'500ms' cannot be: expected 0 to 499 whole milliseconds/],
    ['stop', /expected stop reading/],
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

test('a call is a step for a socket that is there, and the others say so', () => {
  assert.deepEqual(parseCall(' close ', 'here'), { kind: 'close' })
  const wrong: [text: string, message: RegExp][] = [
    ['', /^here: nothing is to be done: expected one of send, receive, read, stop, resume, set, shutdown/],
    ['listen', /^here: 'listen' is for programs: expected one of send, /],
    ['pause 1s', /^here: 'pause' is for programs/],
    ['wait', /^here: 'wait' is for programs/],
    ['sned 5', /^here: unknown step 'sned'; did you mean send\?/],
    ['set nodelay maybe', /^here: 'maybe' is no value: expected set nodelay on \| off/],
  ]
  for (const [text, message] of wrong) {
    assert.throws(
      () => parseCall(text, 'here'),
      (error) => error instanceof LabError && message.test(error.message),
      text,
    )
  }
  assert.ok(CALL_KINDS.includes('abort') && !CALL_KINDS.includes('listen'))
})

test('every option of a socket is a tunable that takes what is written of it', () => {
  const usual = { switch: 'off', time: '100ms', octets: '5000', count: '4' } as const
  for (const [name, { takes, changes }] of Object.entries(SOCKET_OPTIONS)) {
    const step = parseCall(`set ${name} ${usual[takes]}`, name)
    assert.equal(step.kind, 'set')
    configure(changes((step as { readonly value: number }).value))
  }
})
