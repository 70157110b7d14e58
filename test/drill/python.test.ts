import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { parsePython } from '../../src/drill/python-parser.ts'
import { evaluate, type PythonVariables, runPython, setNumbers } from '../../src/drill/python-run.ts'
import { ScriptError } from '../../src/drill/source-errors.ts'
import fc from '../property.ts'

const PLACE = { file: 'a.pkt', line: 10, column: 5 }

/** What `print` shows of an expression. */
function shown(expression: string, variables: PythonVariables = new Map()): string {
  const { printed, failure } = evaluate(`print(${expression})`, variables, PLACE)
  assert.equal(failure, null, failure?.message)
  return printed[0]!
}

function failureOf(code: string, variables: PythonVariables = new Map()) {
  const { failure } = evaluate(code, variables, PLACE)
  assert.ok(failure !== null, 'it did not fail')
  return failure
}

describe('expressions have the values that Python gives them', () => {
  const values: Record<string, string> = {
    '1 + 2 * 3 - 4': '3',
    '(1 + 2) * 3': '9',
    '7 / 2': '3.5',
    '6 / 2': '3.0',
    '7 // 2': '3',
    '-7 // 2': '-4',
    '-7 % 3': '2',
    '7 % -3': '-2',
    '-7.5 // 2': '-4.0',
    '-7.5 % 2': '0.5',
    '2 ** 10': '1024',
    '-2 ** 2': '-4',
    '2 ** -1': '0.5',
    '2 ** 3 ** 2': '512',
    '2 ** 100': '1267650600228229401496703205376',
    '0x7fffffff': '2147483647',
    '0b101 | 0o17': '15',
    '6 & 3 ^ 1 | 8': '11',
    '1 << 40 >> 38': '4',
    '~5': '-6',
    '1e3': '1000.0',
    '1e16': '1e+16',
    '.5e-5': '5e-06',
    'True + True': '2',
    'True & False': 'False',
    'not 0': 'True',
    '1 < 2 < 3': 'True',
    '1 < 3 < 2': 'False',
    '1 == 1.0 != 2': 'True',
    '0 or 5': '5',
    '0 and x': '0',
    '3 in (1, 2, 3)': 'True',
    '3 not in [1, 2]': 'True',
    "'b' in 'abc'": 'True',
    'None is None': 'True',
    '1 is not 2': 'True',
    '5 if 0 else 6': '6',
    '(1, 2)[1]': '2',
    "'abc'[-1]": 'c',
    '(1,)': '(1,)',
    "(1, 'a', None, 1.5)": "(1, 'a', None, 1.5)",
    "'a' 'b' + \"c\"": 'abc',
    "'ab' * 2": 'abab',
    'abs(-3)': '3',
    'min(3, 1, 2)': '1',
    'max((3, 1, 2))': '3',
    'int(-3.7)': '-3',
    "int('12')": '12',
    "int('ff', 16)": '255',
    'float(3)': '3.0',
    'str(3) + str(1.5)': '31.5',
    "len('abc')": '3',
    'round(2.5)': '2',
    'round(3.14159, 2)': '3.14',
    'sum((1, 2))': '3',
    "'%d of %s: %5.2f|%x' % (3, 'x', 2.5, 255)": '3 of x:  2.50|ff',
    "'%d%%' % 7": '7%',
    "'%04d|%-4d|%+d' % (7, 7, 7)": '0007|7   |+7',
    "'%g %e %r' % (0.0001, 12345.678, 'a')": "0.0001 1.234568e+04 'a'",
    "'{1} {0:>4} {0:.2f} {{}}'.format(1.5, 'b')": 'b  1.5 1.50 {}',
    "f'{1 + 1} is {x:04d}'": '2 is 0007',
    "r'a\\n'": 'a\\n',
    "'a\\tb'": 'a\tb',
  }
  for (const [expression, value] of Object.entries(values)) {
    it(expression, () => assert.equal(shown(expression, new Map([['x', 7n]])), value))
  }
})

describe('statements', () => {
  it('keep variables from one snippet to the next', () => {
    const variables: PythonVariables = new Map()
    setNumbers(variables, { tcpi_snd_cwnd: 10, rate: 1.5 })
    const first = evaluate('cwnd = 9; cwnd += 1\na, b = 1, 2  # two', variables, PLACE)
    assert.equal(first.failure, null)
    const second = evaluate(
      'assert cwnd == tcpi_snd_cwnd and a < b, cwnd\nprint(cwnd, rate, a, b)',
      variables,
      PLACE,
    )
    assert.deepEqual(second, { printed: ['10 1.5 1 2'], failure: null })
  })

  it('can be run again and again', () => {
    const program = parsePython('n = n + 1', PLACE)
    const variables: PythonVariables = new Map([['n', 0n]])
    for (let i = 0; i < 3; i++) runPython(program, variables)
    assert.equal(variables.get('n'), 3n)
  })

  it('go on over lines behind a backslash and in brackets', () => {
    const code = 'assert 1 == 1; \\\n\t assert (2 ==\n 2); \\\n  print(3)'
    assert.deepEqual(evaluate(code, new Map(), PLACE), { printed: ['3'], failure: null })
  })

  it('can depend on a condition in their line', () => {
    assert.deepEqual(
      evaluate('if 1: print(1); print(2)\nif 0: print(3); print(4)\npass', new Map(), PLACE).printed,
      ['1', '2'],
    )
    assert.equal(failureOf('if True: assert 0, 5').message, '5')
  })
})

describe('an assertion that fails', () => {
  it('tells its message, its statement and its place', () => {
    assert.deepEqual(failureOf("x = 3\n\n  assert x == 4, 'x is %d' % x\nprint(1)"), {
      message: 'x is 3',
      kind: 'assertion',
      source: "assert x == 4, 'x is %d' % x",
      place: { file: 'a.pkt', line: 12, column: 3 },
    })
    assert.deepEqual(failureOf('assert 0').place, PLACE)
  })
  it('ends the snippet', () => {
    const { printed, failure } = evaluate('print(1); assert 0; print(2)', new Map(), PLACE)
    assert.deepEqual([printed, failure?.message, failure?.kind], [['1'], '', 'assertion'])
  })
})

describe('an error is what Python calls it', () => {
  const errors: Record<string, RegExp> = {
    'assert tcpi_foo == 1': /^NameError: name 'tcpi_foo' is not defined/,
    '1 / 0': /^ZeroDivisionError: division by zero/,
    '1 % 0': /^ZeroDivisionError/,
    "1 + 'a'": /^TypeError: unsupported operand type\(s\) for \+: 'int' and 'str'/,
    "1 < 'a'": /^TypeError: '<' not supported between instances of 'int' and 'str'/,
    '(1, 2)[2]': /^IndexError/,
    "'%d' % 'a'": /^TypeError/,
    "'%d %d' % 1": /^TypeError: not enough arguments/,
    "'%d' % (1, 2)": /^TypeError: not all arguments/,
    "int('x')": /^ValueError/,
    'open(1)': /^NameError: the function open is not known here/,
    "'a'.join(1)": /^AttributeError/,
    'abs()': /^TypeError: abs\(\) does not take 0 arguments/,
    'a, b = 1, 2, 3': /^ValueError/,
    '2 ** 100000': /^OverflowError/,
    '1 << 100000': /^OverflowError/,
    "'a' * 10000000": /^MemoryError/,
    '(((1,),),)': /^MemoryError/,
    '1 << -1': /^ValueError/,
    "constructor('x')": /^NameError/,
  }
  for (const [code, message] of Object.entries(errors)) {
    it(code, () => {
      const failure = failureOf(code)
      assert.match(failure.message, message)
      assert.deepEqual([failure.kind, failure.place], ['error', PLACE])
    })
  }
})

describe('what is not known here is named with its place', () => {
  const cases: [string, 'syntax' | 'unsupported', number, RegExp][] = [
    ['x = 1\nfor i in x: pass', 'unsupported', 11, /'for' in Python/],
    ['import os', 'unsupported', 10, /'import' in Python/],
    ['if 1:\n  pass', 'unsupported', 10, /a block of Python/],
    ['x = {}', 'unsupported', 10, /a dict or a set/],
    ['x[1:2]', 'unsupported', 10, /a slice/],
    ['x.y', 'unsupported', 10, /the attribute y/],
    ['print(1, end=2)', 'unsupported', 10, /an argument by name/],
    ['(i for i in x)', 'unsupported', 10, /'for' in Python/],
    ["'''a'''", 'unsupported', 10, /three quotes/],
    ["b'a'", 'unsupported', 10, /prefix b/],
    ['x = lambda: 1', 'unsupported', 10, /'lambda' in Python/],
    ['assert', 'syntax', 10, /expected an expression, found the end of the code/],
    ['\n\nassert 1 2', 'syntax', 12, /expected ';' or a new line, found '2'/],
    ['print(1', 'syntax', 10, /expected ',', found the end of the code/],
    ['1 = 2', 'syntax', 10, /expected a name before it/],
    ["'abc", 'syntax', 10, /this string never ends/],
    ['012', 'syntax', 10, /a number without a leading 0/],
    ['$', 'unsupported', 10, /"\$" in Python/],
    [`x = ${'('.repeat(100_000)}`, 'unsupported', 10, /nested deeper than/],
    [`x = ${'-'.repeat(100_000)}1`, 'unsupported', 10, /nested deeper than/],
    [`x = ${'1+'.repeat(100_000)}1`, 'unsupported', 10, /more than 500 operations/],
    [`x = ${'(1)**'.repeat(100_000)}1`, 'unsupported', 10, /nested deeper than/],
  ]
  for (const [code, kind, line, message] of cases) {
    it(code.slice(0, 30), () => {
      assert.throws(
        () => parsePython(code, PLACE),
        (error: unknown) => {
          assert.ok(error instanceof ScriptError, String(error))
          assert.deepEqual([error.kind, error.place.line], [kind, line])
          assert.match(error.message, message)
          return true
        },
      )
    })
  }
})

test('floor division and modulo of integers go together, whatever the signs', () => {
  const integer = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n })
  fc.assert(
    fc.property(integer, integer, (a, b) => {
      fc.pre(b !== 0n)
      const variables: PythonVariables = new Map([
        ['a', a],
        ['b', b],
      ])
      const code = 'assert a // b * b + a % b == a\nassert (0 <= a % b < b) if b > 0 else (b < a % b <= 0)'
      assert.equal(evaluate(code, variables, PLACE).failure, null)
    }),
  )
})

test('any code runs, fails or is a ScriptError', () => {
  const pieces = `assert print ( ) [ ] , ; : = == < <= + - * / // % ** & | ^ << >> ~ not and or in is if else
    1 0 2.5 0x10 1e5 x y 'a' "%d" f'{x}' "{:d}" .format None True min( abs( str( += . { } # \\`.split(/\s+/)
  const code = fc.array(fc.constantFrom(...pieces, '\n'), { maxLength: 14 }).map((words) => words.join(' '))
  let ran = 0
  fc.assert(
    fc.property(code, (text) => {
      const variables: PythonVariables = new Map<string, bigint | number>([
        ['x', 7n],
        ['y', 2.5],
      ])
      try {
        evaluate(text, variables, PLACE)
        ran++
      } catch (error) {
        assert.ok(error instanceof ScriptError, `${String(error)} for ${JSON.stringify(text)}`)
      }
    }),
    { numRuns: 5000 },
  )
  assert.ok(ran > 50, `${ran} snippets ran`)
})
