/** What captures of strangers showed to be no proof: each was believed once. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CaptureDiagnosis } from '../../src/analyze/outside/capture-diagnosis.ts'
import { OPEN } from './told.ts'
import { captureOf, diagnosesOf, Story } from './wire-story.ts'

const told = (...stories: readonly Story[]): CaptureDiagnosis => diagnosesOf(captureOf(...stories))[0]!
const LATER = new Story('20 c S\n 20.02 s SA', { clientPort: 40_001 })

/** The server's identifications go on one by one. */
const COUNTED = `${OPEN}0.03 c PA 100
  0.05 s A id=1000
  0.06 s PA 200 id=1001
  0.061 c A
  0.07 s PA 200 id=1002
  0.071 c A
  0.08 s PA 200 id=1003
  0.081 c A`

test('a count of packets that has run on in a pause names no middlebox, one that jumps at once does', () => {
  assert.equal(told(new Story(`${COUNTED}\n 0.2 s RA id=21000`)).verdict, 'reset-by-middlebox')
  const late = told(new Story(`${COUNTED}\n 32 s RA id=21000`))
  assert.notEqual(late.verdict, 'reset-by-middlebox')
  assert.equal(late.resetBy, 'server-host')
})

test('behind a pause a jump of the count names a middlebox with another sign of one', () => {
  const verdict = (reset: string): string => told(new Story(`${COUNTED}\n ${reset}`)).verdict
  assert.equal(verdict('32 s RA id=21000 unstamped'), 'reset-by-middlebox')
  assert.equal(verdict('32 s RA id=21000 may-cut'), 'reset-by-middlebox')
  assert.equal(verdict('12 s A id=1004\n 32 s RA id=21000'), 'reset-by-middlebox')
  // Other senders do without these; and a count that goes on is the host's own.
  assert.equal(verdict('32 s RA id=1004 unstamped'), 'reset-by-server')
  assert.equal(verdict('32 s RA id=1004 may-cut'), 'reset-by-server')
  assert.equal(verdict('12 s A id=9000\n 32 s RA id=21000'), 'reset-by-server')
})

test('a port scan with a TTL of its own does not make the resets of that client foreign', () => {
  const scan = new Story('0 c S ttl=47\n 0.02 s RA bare', { clientPort: 39_999, serverPort: 22 })
  const talk = new Story(`1 c S\n 1.02 s SA\n 1.0201 c A\n 1.03 c PA 500\n 1.05 s A\n 1.1 c RA`)
  const [, of] = diagnosesOf(captureOf(scan, talk))
  assert.equal(of!.verdict, 'reset-by-client')
})

test('a SYN-ACK that nobody repeats was answered: the capture at the client lacks the rest', () => {
  assert.equal(told(new Story('0 c S\n 0.02 s SA'), LATER).healthy, true)
  assert.equal(told(new Story('0 c S\n 0.02 s SA\n 1.02 s SA'), LATER).verdict, 'syn-ack-lost')
})

test('where not even a FIN is acknowledged it is not the size of segments', () => {
  const sent = `${OPEN}0.03 c PA 50\n 0.05 s A\n 0.3 c A 1448\n 0.5 c A again\n 0.9 c A again\n 1.7 c A again`
  assert.equal(told(new Story(`${sent}\n 3.3 c A again`)).verdict, 'path-mtu-black-hole')
  assert.equal(told(new Story(`${sent}\n 1.8 c FA\n 3.3 c A seq=-1449`), LATER).verdict, 'unacknowledged')
})

test('segments of full size that wait for the window wait for no delayed acknowledgment of Nagle', () => {
  const piece = (at: number, octets: number): string => `${at} c PA ${octets}\n ${at + 0.1} s A\n`
  const pieces = (octets: number): string =>
    Array.from({ length: 8 }, (_, k) => piece(0.1 + 0.101 * k, octets)).join(' ')
  assert.equal(told(new Story(`${OPEN}${pieces(100)}`)).verdict, 'delayed-ack-nagle')
  assert.equal(told(new Story(`${OPEN}${pieces(1460)}`)).verdict, 'healthy')
})

test('who reads when a client goes away by a reset sees the reset; behind a FIN the end', () => {
  const ask = `${OPEN}0.03 c PA 100\n 0.05 s A`
  assert.equal(told(new Story(`${ask}\n 2 c RA`)).sees.server?.outcome, 'reset')
  assert.equal(told(new Story(`${ask}\n 2 c FA\n 2.02 s A\n 3 c RA`)).sees.server?.outcome, 'broken-pipe')
})

test('who tells and does not ask is not left without an answer', () => {
  const say = (at: number): string => `${at} c PA 90\n ${at + 0.02} s A\n`
  const answered = `${OPEN}0.03 c PA 100\n 0.05 s A\n 0.06 s PA 50\n 0.061 c A\n`
  const bye = `9 c FA\n 9.02 s FA\n 9.021 c A`
  assert.equal(told(new Story(`${answered}${say(1)}${bye}`)).verdict, 'no-response')
  assert.equal(told(new Story(`${answered}${say(1)}${say(2)}${say(3)}${bye}`)).verdict, 'healthy')
})

test('who is asked by the server owes it the answers: its last one is no open request', () => {
  const end = '9 s FA\n 9.001 c FA\n 9.02 s A'
  const answered = `${OPEN}0.03 c PA 20\n 0.05 s A\n 0.06 s PA 50\n 0.061 c A\n`
  assert.equal(told(new Story(`${answered}1 c PA 20\n 1.02 s A\n ${end}`)).verdict, 'closed-without-answer')
  const ping = '1 s PA 8\n 1.01 c PA 8\n 1.03 s A\n'
  assert.equal(told(new Story(`${answered}${ping}${end}`)).healthy, true)
})

test('who ends its side and acknowledges an answer that comes late has not given up', () => {
  const asked = `${OPEN}0.03 c PA 500\n 0.05 s A\n 2 c FA\n 2.02 s A\n 3 s PA 90\n`
  assert.equal(told(new Story(`${asked}3.001 c A\n 3.01 s FA\n 3.011 c A`)).healthy, true)
  assert.equal(told(new Story(`${asked}3.001 c R bare`)).verdict, 'no-response')
})

test('a reset that its own host overtakes with an answer is the one of the socket', () => {
  const upload = `${OPEN}0.03 c A 1400\n 0.05 s A\n 0.06 c A 1400\n 0.061 c A 1400`
  const both = told(new Story(`${upload}\n 0.08 s R bare\n 0.0801 s RA ack=-2800`))
  assert.equal(both.verdict, 'unread-data')
  assert.equal(told(new Story(`${upload}\n 0.08 s R bare`)).verdict, 'connection-forgotten')
})

test('acknowledgments that the FIN behind them overtook are no keep-alive probes', () => {
  const done = `${OPEN}0.03 c PA 100\n 0.05 s A\n 0.06 s A 1000\n 0.061 s A 1000\n 0.062 s FA\n 0.09 c FA`
  const late = ['-2001', '-1001', '-1'].map((ack, k) => `0.09${k + 1} c A seq=-1 ack=${ack}`).join('\n ')
  assert.equal(told(new Story(`${done}\n ${late}`)).healthy, true)
})
