import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { type ParseOptions, parseScript } from '../../src/drill/parse-script.ts'
import { ScriptError } from '../../src/drill/source-errors.ts'

function parse(text: string, options?: ParseOptions) {
  return parseScript(text, 'a.pkt', options).script
}

describe('what is wrong is named with its place and what was expected', () => {
  const cases: [string, string, number, number, RegExp][] = [
    ['nothing', '', 1, 1, /expected an event.*found the end of the script/],
    ['no time', 'socket() = 3', 1, 1, /expected a time in seconds/],
    ['a negative time', '-1 close(3) = 0', 1, 1, /negative time/],
    ['a time beyond all', '9999999999999 close(3) = 0', 1, 1, /seconds: expected a time/],
    ['* for a call', '* close(3) = 0', 1, 3, /\* as the time of what is done: expected a packet out/],
    ['a range for a packet in', '1~2 < R 1:1(0) win 0', 1, 5, /a range as the time/],
    ['a range backwards', '2~1 > R 1:1(0)', 1, 1, /ends before it starts/],
    ['a call that returns before it is made', '1...0.5 close(3) = 0', 1, 2, /returns before/],
    ['half a relative range', '+1~2 > R 1:1(0)', 1, 4, /expected '\+', found '2'/],
    ['nothing to do', '0 3', 1, 3, /expected a packet/],
    ['no result', '0\nclose(3)', 2, 9, /expected '=' and the call's result, found the end/],
    ['a list that never ends', '0 f([1) = 0', 1, 7, /expected ',' or '\]', found '\)'/],
    ['no value', '0 f(,) = 0', 1, 5, /expected a value, found ','/],
    ['a word behind the result', '0 f() = 0 word\n+0 g() = 0', 2, 1, /expected '\(' and what word means/],
    ['an escape', '0 f("\\q") = 0', 1, 5, /\\q in a string/],
    ['a string that never ends', '0 f("abc', 1, 5, /this " never ends/],
    ['a command that never ends', '0 `abc', 1, 3, /this ` never ends/],
    ['code that never ends', '0 %{ abc }', 1, 3, /this %\{ never ends/],
    ['a comment that never ends', '0 f() /* abc', 1, 7, /this comment never ends/],
    ['no flags', '0 < 1:1(0) win 3', 1, 6, /expected '>' between two ports/],
    ['flags that are none', '0 < X 1:1(0) win 3', 1, 5, /expected TCP flags/],
    ['two kinds of ECN flags', '0 < SE5 1:1(0) win 3', 1, 5, /conflicting flags SE5/],
    [
      'a range that does not add up',
      '0 < R 1:5(3) win 3',
      1,
      7,
      /1:5\(3\) is inconsistent: expected 1:4\(3\)/,
    ],
    [
      'a number out of range',
      '0 < R 4294967296:1(0) win 3',
      1,
      7,
      /4294967296 is out of range.*0 to 4294967295/,
    ],
    ['no window in', '0 < R 1:1(0)\n', 2, 1, /a packet in without a window: expected 'win'/],
    ['options that are not given, in', '0 < R 1:1(0) win 3 <...>', 1, 20, /<\.\.\.> in a packet in/],
    ['an option that is none', '0 < R 1:1(0) win 3 <foo>', 1, 21, /expected a TCP option, found 'foo'/],
    [
      'options of odd length',
      '0 < R 1:1(0) win 3 <nop>',
      1,
      21,
      /1 octets of options: expected a multiple of 4/,
    ],
    [
      'too many options',
      `0 > R 1:1(0) <${'nop,'.repeat(43)}nop>`,
      1,
      15,
      /44 octets of options: expected at most 40/,
    ],
    ['an odd cookie', '0 > R 1:1(0) <FO 123>', 1, 18, /123 has an odd number of digits/],
    [
      'a cookie that is not defined',
      '0 > R 1:1(0) <FO COOKIE>',
      1,
      18,
      /COOKIE is neither hexadecimal nor defined/,
    ],
    ['an AccECN option without counters', '0 > R 1:1(0) <ECN>', 1, 18, /'e0b' or 'e1b'/],
    ['an option kind beyond 255', '0 > R 1:1(0) <gen-256>', 1, 22, /gen-256 is no option/],
    ['IP information that is none', '0 > [foo] R 1:1(0)', 1, 6, /expected one of ect0/],
    ['brackets that do not match', '0 > [ect0) R 1:1(0)', 1, 10, /expected ',' or '\]', found '\)'/],
    ['ect01 in', '0 < [ect01] R 1:1(0) win 1', 1, 6, /ect01 in a packet in/],
    ['ECN twice', '0 > [ect0,ce] R 1:1(0)', 1, 11, /given twice/],
    ['a second last command', '0 f() = 0\n`a`\n`b`', 3, 1, /expected the end of the script/],
    ['an option behind events', '0 f() = 0\n--mtu=3', 2, 1, /expected a time.*--mtu/],
    ['a condition that never ends', '0 f() = 0\n#ifdef X\n', 2, 1, /never ends: expected #endif/],
    ['an open condition that holds', '#ifdef X\n0 f() = 0', 1, 1, /never ends: expected #endif/],
    ['an end without a condition', '0 f() = 0\n  #endif', 2, 3, /#endif without a condition/],
    ['two #else', '#ifdef Y\n#else\n#else\n#endif\n0 f() = 0', 3, 1, /a second #else/],
    [
      'a definition by a mark',
      '--define=A==\n0 f() = 0',
      1,
      1,
      /expected a number, a word, "text" or `command`/,
    ],
    ['a definition without a name', '--define==\n0 f() = 0', 1, 1, /expected --define=NAME=VALUE/],
  ]
  for (const [what, text, line, column, message] of cases) {
    it(what, () => {
      const error = failure(text, { defines: { X: '' } })
      assert.equal(error.kind, 'syntax')
      assert.deepEqual(error.place, { file: 'a.pkt', line, column }, error.message)
      assert.match(error.message, message)
      assert.ok(error.message.startsWith(`a.pkt:${line}:${column}: `))
      assert.notEqual(error.expected, null)
    })
  }
})

describe('what Elko does not have is named, and is no syntax error', () => {
  const cases: [string, string, number, RegExp][] = [
    ['SCTP sockets', '0 socket(..., SOCK_STREAM, IPPROTO_SCTP) = 3', 28, /IPPROTO_SCTP is not supported/],
    ['SCTP calls', '0 sctp_send(3) = 3', 3, /SCTP \(sctp_send\)/],
    ['SCTP packets', '0 < sctp: INIT[flgs=0]', 5, /SCTP is not/],
    ['SCTP in ICMP', '0 < icmp unreachable [sctp (1)]', 23, /SCTP is not/],
    ['UDP-Lite', '0 < udplite (1, 2)', 5, /UDP-Lite/],
    ['PSP', '0 < encap psp spi 3 . 1:1(0) ack 1 win 3', 5, /PSP/],
    ['PSP calls', '0 psp_rx_assoc(4, [7]) = 0', 3, /PSP \(psp_rx_assoc\)/],
    ['labels of MPLS', '0 f({(label 1, tc 0, ttl 3)}) = 0', 6, /MPLS/],
    ['headers of GRE', '0 f({flags[none] sum 0 off 0 key 0 seq 0}) = 0', 6, /GRE/],
    ['assignments', '0 f(X = 3) = 0', 7, /an assignment outside a structure/],
    ['numbers beyond 2^53', '0 f(9007199254740993) = 0', 5, /a number beyond 2\^53/],
  ]
  for (const [what, text, column, message] of cases) {
    it(what, () => {
      const error = failure(text)
      assert.equal(error.kind, 'unsupported')
      assert.deepEqual(error.place, { file: 'a.pkt', line: 1, column })
      assert.match(error.message, message)
    })
  }
})

test('nesting is bounded', () => {
  const nested = (levels: number) => `0 f(${'['.repeat(levels)}1${']'.repeat(levels)}) = 0`
  assert.equal(parse(nested(30)).events.length, 1)
  assert.match(failure(nested(100_000)).message, /an expression in too many others/)
  assert.match(failure(`0 f(${'{a='.repeat(100_000)}`).message, /an expression in too many others/)
})

function failure(text: string, options?: ParseOptions): ScriptError {
  try {
    parse(text, options)
  } catch (error) {
    assert.ok(error instanceof ScriptError, String(error))
    return error
  }
  return assert.fail('it was taken for a script')
}
