/** Times of a script: each form, what it counts from, and how far off something may be. */

import { test } from 'node:test'
import { ACCEPTED, fails, passes } from './plays.ts'

const SENT = `${ACCEPTED}
+.1 write(4, ..., 1000) = 1000
 +0 > P. 1:1001(1000) ack 1
`

test('an absolute time counts from the start; a packet that goes early or late is out of time', () => {
  const at = (time: string) => `${SENT}${time} > P. 1:1001(1000) ack 1\n`
  // The retransmission goes 0.3 s after the write at 0.2 s: SRTT 0.1 and four times RTTVAR 0.05.
  passes(at('0.5'))
  fails(at('0.45'), '0.45 >', ['time'])
  fails(at('0.55'), '0.55 >', ['time'])
})

test('a relative time counts from the moment at which the event is taken up', () => {
  passes(`${SENT}+.3 > P. 1:1001(1000) ack 1\n`)
  fails(`${SENT}+.2 > P. 1:1001(1000) ack 1\n`, '+.2 >', ['time'])
  // After 0.1 s of something else there are 0.2 s left.
  passes(`${SENT}+.1 ioctl(4, SIOCINQ, [0]) = 0\n+.2 > P. 1:1001(1000) ack 1\n`)
})

test('a range holds at both ends, absolute and relative', () => {
  passes(`${SENT}+.25~+.31 > P. 1:1001(1000) ack 1\n`)
  fails(`${SENT}+.20~+.25 > P. 1:1001(1000) ack 1\n`, '+.20~', ['time'])
  fails(`${SENT}+.35~+.40 > P. 1:1001(1000) ack 1\n`, '+.35~', ['time'])
  passes(`${SENT}0.45~0.51 > P. 1:1001(1000) ack 1\n`)
  fails(`${SENT}0.40~0.45 > P. 1:1001(1000) ack 1\n`, '0.40~', ['time'])
})

test('any time is any time, but the packet must come', () => {
  passes(`${SENT}* > P. 1:1001(1000) ack 1\n* > P. 1:1001(1000) ack 1\n`)
  fails(`${ACCEPTED}* > P. 1:1001(1000) ack 1\n`, '* >', [])
})

test('what is not sent within two seconds of its time is not awaited', () => {
  fails(`${ACCEPTED}+0 > P. 1:1001(1000) ack 1\n`, '+0 > P.', [])
})

test('the tolerance is 4 ms, or an eighth of the time since the event before, or what the script says', () => {
  const early = (ms: number, options = '') =>
    `${options}${SENT}+${(300 - ms) / 1000} > P. 1:1001(1000) ack 1\n`
  passes(early(30))
  fails(early(40), '> P. 1:1001', ['time'])
  passes(early(40, '--tolerance_usecs=40000\n'))
  fails(early(30, '--tolerance_percent=1\n'), '> P. 1:1001', ['time'])
  passes(early(4, '--tolerance_percent=0\n'))
  fails(early(5, '--tolerance_percent=0\n'), '> P. 1:1001', ['time'])
})

test('an hour of the script takes as long as what happens in it', () => {
  const text = `${ACCEPTED}
+3600 < P. 1:1001(1000) ack 1 win 257
+0 > . 1:1(0) ack 1001
+3600 read(4, ..., 1000) = 1000
`
  passes(text)
})

test('an absolute time that has passed fails, be it a call or a packet in', () => {
  fails(`${ACCEPTED}0.05 ioctl(4, SIOCINQ, [0]) = 0\n`, '0.05', ['time'])
  fails(`${ACCEPTED}0.05 < . 1:1(0) ack 1 win 257\n`, '0.05', ['time'])
})
