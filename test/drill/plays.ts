/** Plays scripts that stand in a test, and says what must come of them. */

import assert from 'node:assert/strict'
import { type DrillOptions, type DrillResult, drill } from '../../src/drill/drill.ts'
import type { Failure } from '../../src/drill/verdict.ts'

/** A listener on descriptor 3 with a connection from outside: accepted as 4, nothing sent yet. */
export const ACCEPTED = `
  0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
 +0 bind(3, ..., ...) = 0
 +0 listen(3, 1) = 0
 +0 < S 0:0(0) win 32792 <mss 1000,nop,wscale 7>
 +0 > S. 0:0(0) ack 1 <mss 1460,nop,wscale 8>
+.1 < . 1:1(0) ack 1 win 257
 +0 accept(3, ..., ...) = 4
`

/** A connection that descriptor 3 has opened, without options but the MSS, non-blocking. */
export const CONNECTED = `
\`sysctl -q net.ipv4.tcp_timestamps=0\`
  0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
 +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
 +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
 +0 > S 0:0(0) <...>
+.1 < S. 0:0(0) ack 1 win 65535 <mss 1460>
 +0 > . 1:1(0) ack 1
`

export function verdictOf(text: string, options: DrillOptions = {}): DrillResult {
  return drill(text, 'test.pkt', options)
}

export function passes(text: string, options: DrillOptions = {}): DrillResult {
  const result = verdictOf(text, options)
  const { verdict } = result
  assert.equal(verdict.kind, 'passed', `${JSON.stringify(verdict, null, 1)}\n${text}`)
  return result
}

/** The script must fail in the line that contains `at`, because of the fields named (no more, no less). */
export function fails(
  text: string,
  at: string,
  fields: readonly string[],
  options: DrillOptions = {},
): Failure {
  const { verdict } = verdictOf(text, options)
  assert.equal(verdict.kind, 'failed', `${verdict.kind}: ${JSON.stringify(verdict)}`)
  if (verdict.kind !== 'failed') throw new TypeError('narrowed above')
  const line = text.split('\n')[verdict.place.line - 1]!
  assert.ok(line.includes(at), `failed at "${line}": ${JSON.stringify(verdict.failure)}`)
  assert.deepEqual(
    verdict.failure.differences.map(({ field }) => field),
    fields,
    JSON.stringify(verdict.failure),
  )
  return verdict.failure
}

export function unsupported(text: string, reason: RegExp, options: DrillOptions = {}): DrillResult {
  const result = verdictOf(text, options)
  const { verdict } = result
  if (verdict.kind !== 'unsupported') assert.fail(`${verdict.kind}: ${JSON.stringify(verdict)}`)
  assert.match(verdict.reason, reason)
  return result
}
