/** The Python of scripts: any text runs to an end or is an error with a place, and says the same when it runs again. */

import { evaluate, type PythonOutcome, type PythonVariables, setNumbers } from '../../src/drill/python-run.ts'
import { representation } from '../../src/drill/python-values.ts'
import { ScriptError } from '../../src/drill/source-errors.ts'
import { textTarget } from '../make-target.ts'
import { expect, expectSame, type Probe } from '../target.ts'

const PLACE = { file: 'fuzz.pkt', line: 3, column: 5 }
/** Branches for each letter, and once. Big numbers and long texts cost more than they have letters. */
const WORK_PER_LETTER = 2000
const WORK = 50_000

const DICTIONARY =
  `assert not and or in is if else pass print True False None + - * / // % ** & | ^ ~ << >> == != < <= > >=
  ( ) , = += -= ; : tcpi_snd_cwnd tcpi_rtt tcpi_unacked x y abs( min( max( len( int( float( str( round( 'a' "b" '%d'
  '{}' .format( 1.5 1e300 0x10 7 1_000 [ ] # \\`.split(/\s+/)

export const target = textTarget({
  name: 'python',
  about: 'the Python of scripts: an outcome or an error with its place; the same again, and consistent',
  mostLetters: 400,
  dictionary: DICTIONARY,
  seeds: () => [
    'assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd',
    'x = 3\nx += 4 * (2 - 1) // 2 % 5 ** 2\nassert x > 1 and not x == 2 or x <= 9, "x is %d" % x',
    'print(tcpi_rtt, -1.5, ~3 & 7 | 8 ^ 1)\nassert 1 < 2 < 3 if True else False',
    "assert '{} {:>5}'.format(1, 2) != 'a', (1, 'b', None)",
    'assert abs(-3) == 3 and min(1, 2) == 1; y = round(2.5)',
  ],
  run,
})

function run(input: string, probe: Probe): void {
  const before = probe.work()
  const first = tell(input)
  const work = probe.work() - before
  expect(work <= WORK + WORK_PER_LETTER * input.length, () => `${work} branches for ${input.length} letters`)
  expectSame(tell(input), first, 'run again')
  if (first !== null) checkOpposite(input)
}

/** An expression that is asserted holds, fails or is an error; with `not` before it, the other way round. */
function checkOpposite(input: string): void {
  const asserted = /^assert ([^\n#\\;]+)$/.exec(input)?.[1]
  if (asserted === undefined) return
  const plain = outcomeOf(`assert (${asserted}\n)`, variables())
  const opposite = outcomeOf(`assert not (${asserted}\n)`, variables())
  if (plain === null || opposite === null || isError(plain) || isError(opposite)) return
  const holds = [plain, opposite].filter(({ failure }) => failure === null).length
  expect(holds === 1, () => `${holds} of an expression and its opposite hold`)
}

function isError({ failure }: PythonOutcome): boolean {
  return failure?.kind === 'error'
}

function variables(): PythonVariables {
  const all: PythonVariables = new Map()
  setNumbers(all, { tcpi_snd_cwnd: 10, tcpi_rtt: 12_345, tcpi_unacked: 0, tcpi_ratio: 0.25 })
  return all
}

/** All that a snippet does, as text; null where it is none. */
function tell(input: string): string | null {
  const all = variables()
  const outcome = outcomeOf(input, all)
  if (outcome === null) return null
  const values = [...all].map(([name, value]) => `${name}=${representation(value)}`)
  return JSON.stringify([outcome.printed, outcome.failure, values])
}

function outcomeOf(input: string, all: PythonVariables): PythonOutcome | null {
  try {
    return evaluate(input, all, PLACE)
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    const lines = input.split('\n').length
    const { line, column } = error.place
    expect(line >= 3 && line < 3 + lines, () => `an error in line ${line} of ${lines} from 3 on`)
    expect(column >= 1, () => `an error in column ${column}`)
    return null
  }
}
