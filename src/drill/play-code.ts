/** The Python between `%{` and `}%`: it sees TCP_INFO of the connection under test, and what it assigned before. */

import { CONSTANTS } from '../posix/constants.ts'
import { failed } from './play-packets.ts'
import { evaluate, setNumbers } from './python-run.ts'
import type { Run } from './run.ts'
import type { Code } from './script.ts'
import { type Failure, Stop } from './verdict.ts'

/**
 * Runs a snippet now. What it prints is kept; an assertion that does not hold ends the play.
 *
 * @param info TCP_INFO by the kernel's field names; null where there is no socket to ask.
 */
export function runCode(run: Run, code: Code, info: Readonly<Record<string, number>> | null): void {
  if (run.variables.size === 0) setNumbers(run.variables, NAMES)
  if (info !== null) setNumbers(run.variables, info)
  const { printed, failure } = evaluate(code.text, run.variables, code.place)
  run.output.push(...printed)
  if (failure === null) return
  const missing = /^NameError: name '((?:tcpi|SK_MEMINFO)_\w+)' is not defined/.exec(failure.message)
  if (missing !== null && info !== null) throw Stop.unsupported(`${missing[1]}: a kernel's own accounts`)
  const asserted = failure.kind === 'assertion'
  const { message, source } = failure
  const actual = message === '' ? (asserted ? 'it does not hold' : 'an error') : message
  const what = asserted ? 'an assertion does not hold' : `the code fails: ${message}`
  const difference = { field: 'assertion', expected: source, actual }
  throw failed(run, what, [difference, ...namedFields(source, info)])
}

/** The fields of TCP_INFO that a statement names, with their values: what it was judged by. */
function namedFields(source: string, info: Readonly<Record<string, number>> | null): Failure['differences'] {
  const names = new Set(source.match(/\btcpi_\w+/g) ?? [])
  return [...names].map((name) => ({ field: name, expected: '', actual: `${info?.[name] ?? 'unknown'}` }))
}

/**
 * Names that scripts compare with: states of TCP_INFO, of congestion control, and bits of its options. The second ones
 * are nplab's, for the states alone.
 */
const NAMES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.entries(CONSTANTS).filter(([name]) => /^TCPI?_/.test(name))),
  TCPI_CLOSED: CONSTANTS.TCP_CLOSE,
  TCPI_LISTEN: CONSTANTS.TCP_LISTEN,
  TCPI_SYN_SENT: CONSTANTS.TCP_SYN_SENT,
  TCPI_SYN_RECEIVED: CONSTANTS.TCP_SYN_RECV,
  TCPI_ESTABLISHED: CONSTANTS.TCP_ESTABLISHED,
  TCPI_FIN_WAIT_1: CONSTANTS.TCP_FIN_WAIT1,
  TCPI_FIN_WAIT_2: CONSTANTS.TCP_FIN_WAIT2,
  TCPI_CLOSE_WAIT: CONSTANTS.TCP_CLOSE_WAIT,
  TCPI_CLOSING: CONSTANTS.TCP_CLOSING,
  TCPI_LAST_ACK: CONSTANTS.TCP_LAST_ACK,
  TCPI_TIME_WAIT: CONSTANTS.TCP_TIME_WAIT,
}
