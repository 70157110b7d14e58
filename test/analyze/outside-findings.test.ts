/** Findings beside the verdict. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding } from '../../src/analyze/outside/findings.ts'
import { OPEN } from './told.ts'
import { captureOf, diagnosesOf, Story } from './wire-story.ts'

function found(kind: string, lines: string): Finding | undefined {
  return diagnosesOf(captureOf(new Story(lines)))[0]!.findings.find((one) => one.kind === kind)
}

const BEHIND = `0.0201 c A
  0.03 c PA 100
  0.05 s A
  0.06 s PA 200
  0.061 c A
  0.07 s PA 200
  0.071 c A`

test('syn-proxy: a SYN-ACK of another TTL than all that follows, or without a window', () => {
  const nearer = found('syn-proxy', `0 c S\n 0.001 s SA ttl=64\n ${BEHIND}`)
  assert.match(nearer!.text, /SYN-ACK has TTL 64, and all packets of the server behind it have TTL 63/)
  assert.deepEqual(nearer!.frames, [2])
  const closed = found('syn-proxy', `0 c S\n 0.001 s SA win=0\n ${BEHIND}`)
  assert.match(closed!.text, /offers no window/)
})

test('syn-proxy: not where all is of one kind, or the way changes in the middle', () => {
  assert.equal(found('syn-proxy', `0 c S\n 0.02 s SA\n ${BEHIND}`), undefined)
  const moved = `0 c S\n 0.02 s SA\n ${BEHIND}\n 0.08 s PA 200 ttl=60\n 0.081 c A`
  assert.equal(found('syn-proxy', moved), undefined)
})

test('one of a thing is told as one', () => {
  const once = `${OPEN}0.03 c PA 100\n 0.05 s A\n 0.06 c PA 100\n 0.4 c PA again\n 0.42 s A`
  assert.match(found('loss', once)!.text, /^1 segment of the client sent again, 0 of them/)
  const late = `${OPEN}0.03 c PA 100 seq=+100\n 0.0301 c PA 100\n 0.05 s A ack=+100`
  assert.match(found('reordering', late)!.text, /^1 segment of the client arrived out of order/)
})

test('states: where both ends are when the capture ends before the connection does', () => {
  const told: readonly [string, RegExp][] = [
    [OPEN, /client in ESTABLISHED and the server in ESTABLISHED$/],
    [`${OPEN}0.1 s FA`, /client in CLOSE-WAIT and the server in FIN-WAIT-1$/],
    [`${OPEN}0.1 s FA\n 0.101 c A`, /client in CLOSE-WAIT and the server in FIN-WAIT-2$/],
    [`${OPEN}0.1 s FA\n 0.101 c A\n 0.2 c FA`, /client in LAST-ACK and the server in TIME-WAIT$/],
    ['0 c S\n 1 c S seq=-1', /client in SYN-SENT$/],
    ['0 c S\n 0.02 s SA', /client in SYN-SENT and the server in SYN-RECEIVED$/],
    ['0 c PA 100\n 0.02 s A', /ESTABLISHED; the connection began before the capture$/],
  ]
  for (const [lines, text] of told) assert.match(found('states', lines)!.text, text)
  assert.equal(found('states', `${OPEN}0.1 s FA\n 0.12 c FA\n 0.14 s A`), undefined)
})
