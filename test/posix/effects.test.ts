/** Options of sockets that change what goes over the wire, or when. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drill } from '../../src/drill/drill.ts'

function passes(text: string): void {
  const { verdict } = drill(text, 'test.pkt')
  assert.equal(verdict.kind, 'passed', JSON.stringify(verdict, null, 2))
}

test('TCP_KEEPINIT ends an opening that nobody answers', () => {
  passes(`0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0
+0 setsockopt(3, SOL_TCP, TCP_KEEPINIT, [5], 4) = 0
+0 getsockopt(3, SOL_TCP, TCP_KEEPINIT, [5], [4]) = 0
+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)
+0 > S 0:0(0) <...>
+1 > S 0:0(0) <...>
+2 > S 0:0(0) <...>
+3.9 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0
+.2 getsockopt(3, SOL_SOCKET, SO_ERROR, [ETIMEDOUT], [4]) = 0
`)
})

test('TCP_WINDOW_CLAMP bounds the window that is offered', () => {
  passes(`0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 bind(3, ..., ...) = 0
+0 setsockopt(3, SOL_TCP, TCP_WINDOW_CLAMP, [5000], 4) = 0
+0 getsockopt(3, SOL_TCP, TCP_WINDOW_CLAMP, [5000], [4]) = 0
+0 listen(3, 1) = 0
+.1 < S 0:0(0) win 10000 <mss 1000>
+0 > S. 0:0(0) ack 1 win 5000 <mss 1460>
+.1 < P. 1:1001(1000) ack 1 win 10000
+0~+.5 > . 1:1(0) ack 1001 win 4000
`)
})

test('IP_MTU_DISCOVER: what Elko does is taken, packets larger than the path are told to be missing', () => {
  const text = (way: string) => `0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
+0 setsockopt(3, SOL_IP, IP_MTU_DISCOVER, [${way}], 4) = 0
`
  passes(text('IP_PMTUDISC_DO'))
  passes(text('IP_PMTUDISC_WANT'))
  assert.equal(drill(text('IP_PMTUDISC_DONT'), 'test.pkt').verdict.kind, 'unsupported')
  const { verdict } = drill(text('77'), 'test.pkt')
  assert.equal(verdict.kind, 'failed')
})
