import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { described, Lexer, type Token } from '../../src/drill/lexer.ts'
import { parseScript } from '../../src/drill/parse-script.ts'
import { ScriptError } from '../../src/drill/source-errors.ts'

function tokens(text: string, definitions: Record<string, string> = {}): Token[] {
  const lexer = new Lexer(text, 'a.pkt', new Map(Object.entries(definitions)))
  const all: Token[] = []
  while (lexer.peek().kind !== 'end') all.push(lexer.next())
  return all
}

const kinds = (text: string) => tokens(text).map(({ kind, text }) => [kind, text])

describe('tokens', () => {
  it('are the longest that fit', () => {
    assert.deepEqual(kinds('0.1...0.3'), [
      ['float', '0.1'],
      ['mark', '...'],
      ['float', '0.3'],
    ])
    assert.deepEqual(kinds('+0...0x1F 3a -5 -.5 a-1'), [
      ['mark', '+'],
      ['integer', '0'],
      ['mark', '...'],
      ['hex', '0x1F'],
      ['word', '3a'],
      ['integer', '-5'],
      ['float', '-.5'],
      ['word', 'a'],
      ['integer', '-1'],
    ])
  })

  it('of text have what stands between the delimiters', () => {
    assert.deepEqual(kinds('"a\\"b" `ls \\` -l` %{ \t assert a \\\n\t }% --mtu'), [
      ['string', 'a\\"b'],
      ['command', 'ls \\` -l'],
      ['code', 'assert a \\\n'],
      ['option', 'mtu'],
    ])
  })

  it('know their place, whatever lies before them', () => {
    const [a, b, c] = tokens('\uFEFF/* \n\n*/ a // "\n\t"x\ny" b')
    assert.deepEqual([a!.line, a!.column], [3, 4])
    assert.deepEqual([b!.line, b!.column], [4, 2])
    assert.deepEqual([c!.line, c!.column], [5, 4])
  })

  it('are described as they look', () => {
    const [a, b, c, d, e] = tokens(`word "${'x'.repeat(100)}" \`a\nb\` %{ c }% --d`)
    assert.equal(described(a!), "'word'")
    assert.equal(described(b!), `"${'x'.repeat(24)}..."`)
    assert.equal(described(c!), '`a\\nb`')
    assert.equal(described(d!), '%{ c }%')
    assert.equal(described(e!), '--d')
  })
})

test('a pattern reads on from the token that was looked at', () => {
  const lexer = new Lexer('a\n "b\nc" d', 'a.pkt', new Map())
  lexer.next()
  assert.equal(lexer.peek().kind, 'string')
  assert.equal(lexer.raw(/x/y), null)
  assert.equal(lexer.raw(/"b/y), '"b')
  assert.deepEqual(lexer.place(), { file: 'a.pkt', line: 3, column: 1 })
  assert.equal(lexer.next().text, 'c')
  assert.deepEqual([lexer.raw(/" d/y), lexer.peek().kind], ['" d', 'end'])
})

describe('a large script is read in one pass', () => {
  const MEGABYTES = 5
  const fill = (unit: string) => unit.repeat(Math.ceil((MEGABYTES * 1_000_000) / unit.length))

  it('of many events', () => {
    const line = '+0 > P. 1:1001(1000) ack 1 win 257 <nop,nop,TS val 100 ecr 200> // a segment\n'
    const { script } = parseScript(fill(line), 'a.pkt')
    assert.equal(script.events.length, Math.ceil((MEGABYTES * 1_000_000) / line.length))
    assert.equal(script.events.at(-1)!.place.line, script.events.length)
  })

  it('in one line', () => {
    const { script } = parseScript('+0 f(1, "a", [A|B]) = 0 '.repeat(40_000), 'a.pkt')
    assert.ok(script.events.length === 40_000)
    const list = parseScript(`0 f([${'1,'.repeat(500_000)}1]) = 0`, 'a.pkt').script.events[0]!.action
    assert.ok(list.kind === 'call' && list.args[0]!.kind === 'list' && list.args[0].items.length === 500_001)
  })

  for (const [what, text] of Object.entries({
    blanks: fill(' '),
    newlines: fill('\n'),
    digits: fill('7'),
    dots: fill('.'),
    'open brackets': `0 f(${fill('[')}`,
    'open comments': fill('/*'),
    comments: fill('/**/'),
    conditions: fill('#ifdef X\n'),
    'closed conditions': fill('#ifdef X\n#endif\n'),
    quotes: `0 f(${fill('"')}`,
    escapes: `0 f("${fill('\\\\')}`,
    'octets of a cookie': `0 > S 0:0(0) <FO ${fill('aa')}`,
    flags: `0 > ${fill('S')}`,
    'outer headers': `0 < ${fill('gre:')}`,
    'an option': `--x=${fill('a"b"')}`,
  })) {
    it(`of ${what}, which is none`, () => assert.throws(() => parseScript(text, 'a.pkt'), ScriptError))
  }
})
