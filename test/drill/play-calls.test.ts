/** System calls of a script: arguments, results, errors, what they write, and calls that block. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCEPTED, CONNECTED, fails, passes, unsupported } from './plays.ts'

test('a result counts exactly, an errno where it is named, and "..." takes any', () => {
  passes(`${ACCEPTED}+0 write(4, ..., 10) = 10\n`)
  fails(`${ACCEPTED}+0 write(4, ..., 10) = 11\n`, 'write', ['result'])
  passes(`${ACCEPTED}+0 write(4, ..., 10) = ...\n`)
  passes(`${ACCEPTED}+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n+0 read(4, ..., 10) = -1 EAGAIN (note)\n`)
  passes(`${ACCEPTED}+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n+0 read(4, ..., 10) = -1 EWOULDBLOCK\n`)
  passes(`${ACCEPTED}+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n+0 read(4, ..., 10) = -1\n`)
  const wrong = `${ACCEPTED}+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n+0 read(4, ..., 10) = -1 ECONNRESET\n`
  const failure = fails(wrong, 'read(4', ['result'])
  assert.deepEqual(failure.differences, [{ field: 'result', expected: '-1 ECONNRESET', actual: '-1 EAGAIN' }])
})

test('what a call writes into its arguments counts, but for "..."', () => {
  passes(`${ACCEPTED}+0 getsockopt(4, SOL_SOCKET, SO_TYPE, [SOCK_STREAM], [4]) = 0\n`)
  fails(`${ACCEPTED}+0 getsockopt(4, SOL_SOCKET, SO_TYPE, [2], [4]) = 0\n`, 'SO_TYPE', ['argument 4'])
  passes(
    `${ACCEPTED}+0 < P. 1:101(100) ack 1 win 257\n+0 > . 1:1(0) ack 101\n+0 ioctl(4, SIOCINQ, [100]) = 0\n`,
  )
  fails(`${ACCEPTED}+0 ioctl(4, SIOCINQ, [100]) = 0\n`, 'SIOCINQ', ['argument 3'])
  passes(`${ACCEPTED}+0 poll([{fd=4, events=POLLOUT, revents=POLLOUT}], 1, 0) = 1\n`)
  fails(`${ACCEPTED}+0 poll([{fd=4, events=POLLOUT, revents=POLLIN}], 1, 0) = 1\n`, 'poll', [
    'argument 1 revents',
  ])
})

test('octets that are read count to the last one, where the script names them', () => {
  const echoed = (text: string, expected: string) => `${ACCEPTED}
+0 sendmsg(4, {msg_name(...)=..., msg_iov(1)=[{"${text}", ${text.length}}], msg_flags=0}, 0) = ${text.length}
+0 > P. 1:${text.length + 1}(${text.length}) ack 1
+0 pipe([7, 8]) = 0
+0 write(8, "${text}", ${text.length}) = ${text.length}
+0 read(7, "${expected}", 100) = ${text.length}
`
  const long = 'a'.repeat(80)
  passes(echoed(long, long))
  fails(echoed(long, `${long.slice(0, -1)}b`), 'read(7', ['argument 2'])
})

test('descriptors of a script are names', () => {
  passes(
    ACCEPTED.replaceAll('= 3', '= 17')
      .replaceAll('(3,', '(17,')
      .replace('= 4', '= 30')
      .concat('+0 write(30, ..., 10) = 10\n+0 > P. 1:11(10) ack 1\n+0 close(17) = 0\n'),
  )
  fails(`${ACCEPTED}+0 write(9, ..., 10) = 10\n`, 'write(9', ['result'])
})

const LISTENING = ACCEPTED.split('\n').slice(0, 4).join('\n')
const HANDSHAKE = ACCEPTED.split('\n').slice(4, 7).join('\n')

test('a call that blocks goes on meanwhile and returns in time', () => {
  passes(`${LISTENING}\n+0...0.100 accept(3, ..., ...) = 4\n${HANDSHAKE}\n+0 write(4, ..., 10) = 10\n`)
  fails(
    `${LISTENING}\n+0...0.050 accept(3, ..., ...) = 4\n${HANDSHAKE}\n+0 write(4, ..., 10) = 10\n`,
    'accept',
    ['return'],
  )
  fails(`${LISTENING}\n+0...0.150 accept(3, ..., ...) = 4\n${HANDSHAKE}\n`, 'accept', ['return'])
  fails(`${LISTENING}\n+0...0.100 accept(3, ..., ...) = 4\n`, 'accept', ['return'])
})

test('where the end of a call is relative it counts from when the event is taken up', () => {
  passes(`${LISTENING}\n+.5...0.600 accept(3, ..., ...) = 4\n${HANDSHAKE}\n`)
  passes(`${LISTENING}\n0.5...0.600 accept(3, ..., ...) = 4\n${HANDSHAKE}\n`)
})

test('code sees the connection that a call which blocked has given', () => {
  const asked = '+.010 %{ assert tcpi_state == TCP_ESTABLISHED, tcpi_state }%'
  passes(`${LISTENING}\n+0...0.100 accept(3, ..., ...) = 4\n${HANDSHAKE}\n${asked}\n`)
})

test('a descriptor that the script never had is a bad one', () => {
  passes('0 close(0) = -1 EBADF (Bad file descriptor)\n')
  passes(`0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 7\n+0 listen(3, 1) = -1 EBADF (Bad file descriptor)\n`)
})

test('a call that blocks although the script has it return at once fails', () => {
  const { what } = fails(`${ACCEPTED}+0 read(4, ..., 10) = 10\n`, 'read(4', ['call'])
  assert.equal(what, 'read() blocks')
})

test('a call that returns at once satisfies a script that has it block until now', () => {
  passes(`${ACCEPTED}+0...+0 write(4, ..., 10) = 10\n`)
})

test('a symbol, a function and a call that nobody knows are unsupported, with their place', () => {
  const { verdict } = unsupported(
    `${ACCEPTED}+0 setsockopt(4, SOL_TCP, TCP_WONDER, [1], 4) = 0\n`,
    /TCP_WONDER/,
  )
  assert.ok(verdict.kind === 'unsupported' && verdict.place.line === 9)
  unsupported(`${ACCEPTED}+0 frobnicate(4) = 0\n`, /frobnicate/)
  unsupported(
    `${ACCEPTED}+0 bind(4, {sa_family=AF_INET, sin_port=htons(1), sin_addr=gethost("x")}, 16) = 0\n`,
    /gethost/,
  )
})

test('a connection that is reset, refused or disconnected', () => {
  passes(`${ACCEPTED}+.1 < R. 1:1(0) ack 1 win 257\n+0 read(4, ..., 10) = -1 ECONNRESET\n`)
  passes(`${CONNECTED}+.1 < R. 1:1(0) ack 1 win 257\n+0 write(3, ..., 10) = -1 ECONNRESET\n`)
  fails(`${ACCEPTED}+.1 < R. 1:1(0) ack 1 win 257\n+0 read(4, ..., 10) = 0\n`, 'read(4', ['result'])
})

test('what may differ under --non_fatal is noted, and the play goes on', () => {
  const text = `${ACCEPTED}+0 write(4, ..., 10) = 11\n+0 > P. 1:11(10) ack 1\n`
  fails(text, 'write', ['result'])
  fails(`--non_fatal=packet\n${text}`, 'write', ['result'])
  const { verdict } = passes(`--non_fatal=syscall\n${text}`)
  assert.deepEqual(
    verdict.notes.map(({ text: note, place }) => [note, place.line]),
    [['not fatal: write() gave something else', 10]],
  )
  passes(`--non_fatal=packet,syscall\n${text.replace('> P.', '> .')}`)
})

test('the code of a script sees TCP_INFO of the connection under test, and what it assigned before', () => {
  const { verdict } = passes(`${ACCEPTED}
+0 %{ before = tcpi_unacked }%
+0 write(4, ..., 2000) = 2000
+0 %{ assert tcpi_unacked == before + 2, tcpi_unacked
print(tcpi_state == TCP_ESTABLISHED) }%
`)
  assert.deepEqual(verdict.output, ['True'])
  const failure = fails(`${ACCEPTED}+0 %{ assert tcpi_unacked == 5 }%\n`, 'tcpi_unacked', [
    'assertion',
    'tcpi_unacked',
  ])
  assert.equal(failure.what, 'an assertion does not hold')
  unsupported(`${ACCEPTED}+0 %{ assert tcpi_nonsense == 5 }%\n`, /^tcpi_nonsense: a kernel's own accounts/)
  fails(`${ACCEPTED}+0 %{ assert nonsense == 5 }%\n`, 'nonsense', ['assertion'])
})
