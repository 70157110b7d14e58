import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { parseScript } from '../../src/drill/parse-script.ts'
import { printEvent, printScript } from '../../src/drill/print.ts'
import type { Script } from '../../src/drill/script.ts'
import { ScriptError } from '../../src/drill/source-errors.ts'
import fc from '../property.ts'
import { CALLS, OTHERS, PACKETS, WHOLE } from './samples.ts'

/** A script by what it means: without places and sources. */
function meaning(script: Script): unknown {
  return JSON.parse(
    JSON.stringify(script, (key, value) => (key === 'place' || key === 'source' ? undefined : value)),
  )
}

function printsAsItself(text: string): string {
  const { script } = parseScript(text, 'a.pkt')
  const printed = printScript(script)
  assert.deepEqual(meaning(parseScript(printed, 'a.pkt').script), meaning(script), printed)
  return printed
}

describe('what is printed is the same script', () => {
  for (const line of [...PACKETS, ...CALLS, ...OTHERS]) it(line, () => void printsAsItself(line))
  it('a whole one', () => {
    const printed = printsAsItself(WHOLE)
    assert.equal(printsAsItself(printed), printed)
  })
})

describe('the printed form', () => {
  const cases: [string, string][] = [
    [
      '.5   <   S.  0:0( 0 ) ack  1 win 5 < mss 1 , nop,eol,sackOK >',
      '0.5 < S. 0:0(0) ack 1 win 5 <mss 1,nop,eol,sackOK>',
    ],
    ['+00.500000~+1 >.E 1:1(0)', '+0.5~+1 > .E 1:1(0)'],
    ['+0 > . 1:1(0) <FOEXP 0a0B , nop,nop>/udp( 1>2 )', '+0 > . 1:1(0) <FOEXP 0a0b,nop,nop>/udp(1 > 2)'],
    [
      '+0...1 f ( 0x10 , A | B , {..., 3 } )=-1 EPERM ( no  way )',
      '+0...1 f(16, A|B, {..., 3}) = -1 EPERM (no way)',
    ],
    ['0 %{   a = 1\t}%', '0 %{ a = 1 }%'],
  ]
  for (const [text, printed] of cases) {
    it(printed, () => {
      assert.equal(printEvent(parseScript(text, 'a.pkt').script.events[0]!), printed)
    })
  }
})

// ---- any text

/** What scripts are made of, so that a random sequence gets far into the grammar. */
const PIECES = [
  ...WHOLE.split(/\s+/).filter((word) => word !== ''),
  ...'< > + - * ~ . ... : ; , ( ) [ ] { } | = / ! " ` %{ }% // /* */ #ifdef #else #endif #ifndef'.split(' '),
  ...'0 1 -1 .5 0x1f 4294967296 99999999999999999999 S. P.5 X \n \u0000 \u{1f600} \\ ~ ^'.split(' '),
  '\n',
]

/** Any text is a script or a ScriptError; what is a script prints as itself. */
function isTaken(text: string): boolean {
  try {
    parseScript(text, 'a.pkt')
  } catch (error) {
    assert.ok(error instanceof ScriptError, `${String(error)} for ${JSON.stringify(text)}`)
    assert.ok(error.place.line >= 1 && error.place.column >= 1)
    assert.ok(error.place.line <= text.split('\n').length)
    return false
  }
  printsAsItself(text)
  return true
}

test('any sequence of pieces is a script or an error with a place', () => {
  const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join(' '))
  fc.assert(
    fc.property(text, (line) => void isTaken(line)),
    { numRuns: 3000 },
  )
})

test('any text at all is a script or an error with a place', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => void isTaken(text)),
    { numRuns: 1000 },
  )
})

test('a line with pieces put in, taken out or exchanged is a script that prints as itself, or an error', () => {
  const edit = fc.record({
    at: fc.nat(),
    drop: fc.nat(2),
    put: fc.array(fc.constantFrom(...PIECES), { maxLength: 2 }),
  })
  const lines = [...PACKETS, ...CALLS, ...OTHERS]
  let taken = 0
  fc.assert(
    fc.property(fc.constantFrom(...lines), fc.array(edit, { minLength: 1, maxLength: 2 }), (line, edits) => {
      const words = line.match(/\w+|\s+|\.\.\.|./gs)!
      for (const { at, drop, put } of edits) words.splice(at % words.length, drop, ...put)
      if (isTaken(words.join(''))) taken++
    }),
    { numRuns: 4000 },
  )
  assert.ok(taken > 100, `${taken} of the lines were still scripts`)
})
